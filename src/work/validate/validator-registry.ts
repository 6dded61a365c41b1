// The validators of all packs by kind; a kind may also be named with its domain: `domain.kind`.
import { nearestName } from "#kernel/check-input.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { DomainPack, Validator } from "#ports/domain-pack.ts";

export interface RegisteredValidator {
  readonly kind: string;
  readonly domain: string;
  readonly validator: Validator;
}

export interface ValidatorRegistry {
  /** Throws `not_found` (no_such_kind) with the nearest known name. */
  get(kind: string): RegisteredValidator;
  list(): readonly RegisteredValidator[];
}

/** Throws `conflict` when two domains bring a validator of the same name. */
export function buildRegistry(packs: readonly DomainPack[]): ValidatorRegistry {
  const by_kind = new Map<string, RegisteredValidator>();
  for (const pack of packs) {
    for (const [kind, validator] of Object.entries(pack.validators)) {
      const other = by_kind.get(kind);
      if (other !== undefined) {
        throw new LakehouseError(
          "conflict",
          `the domains ${other.domain} and ${pack.name} both bring a validator "${kind}"`,
          { hint: "rename one of them or leave one domain out" },
        );
      }
      by_kind.set(kind, { kind, domain: pack.name, validator });
    }
  }
  const list = [...by_kind.values()];
  return {
    list: () => list,
    get(kind) {
      const found = by_kind.get(kind) ?? list.find((one) => `${one.domain}.${one.kind}` === kind);
      if (found !== undefined) return found;
      throw noSuchKind(kind, list);
    },
  };
}

function noSuchKind(kind: string, list: readonly RegisteredValidator[]): LakehouseError {
  const known = list.map((one) => one.kind);
  const nearest = nearestName(kind.slice(kind.lastIndexOf(".") + 1), known);
  const suggestion = nearest === undefined ? "" : `, did you mean "${nearest}"?`;
  return new LakehouseError("not_found", `there is no validator "${kind}"${suggestion}`, {
    reason: "no_such_kind",
    hint: known.length === 0 ? "no domain is loaded" : `known kinds: ${known.join(", ")}`,
  });
}
