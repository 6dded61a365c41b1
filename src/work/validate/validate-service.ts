// validate: hands an artifact to the validator of its kind and answers its verdict.
import type { Client } from "#kernel/contract.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ValidationError } from "#contracts/nouns.ts";
import type { query } from "#contracts/query.ts";
import type { validate } from "#contracts/validate.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { checkContext } from "./check-context.ts";
import { createLookup } from "./row-lookup.ts";
import type { ValidateSettings } from "./validate-settings.ts";
import { buildRegistry, type RegisteredValidator } from "./validator-registry.ts";

export interface ValidateNeeds {
  readonly query: Client<typeof query>;
  readonly packs: readonly DomainPack[];
  readonly log: Log;
}

export async function createValidate(
  needs: ValidateNeeds,
  settings: ValidateSettings,
): Promise<Service<typeof validate>> {
  const registry = buildRegistry(needs.packs);
  const counts = { accepted: 0, refused: 0, failed: 0 };

  return {
    handlers: {
      async validate({ kind, artifact, context }, call) {
        const found = registry.get(kind);
        const tools = createLookup(needs.query, settings, call);
        const outcome = await found.validator
          .validate(artifact, context, tools)
          .catch((error: unknown) => {
            counts.failed++;
            throw error;
          });
        if (!outcome.ok) {
          counts.refused++;
          throw refused(found.kind, outcome.error);
        }
        counts.accepted++;
        return {
          kind: found.kind,
          ok: true,
          checks: [...outcome.checks],
          grounded: outcome.grounded,
        };
      },
      async check_context({ kind, context }) {
        const found = registry.get(kind);
        await checkContext(found.validator, context);
        return toldKind(found);
      },
      kinds: async () => ({ kinds: registry.list().map(toldKind) }),
    },
    async health() {
      return { status: "ok", figures: { kinds: registry.list().length, ...counts } };
    },
    async stop() {},
  };
}

function toldKind({ kind, domain, validator: { summary, schema } }: RegisteredValidator) {
  return { kind, domain, summary, ...(schema === undefined ? {} : { schema: { ...schema } }) };
}

function refused(kind: string, error: ValidationError): LakehouseError {
  return new LakehouseError("rejected", `${kind}: ${error.field}: ${error.message}`, {
    reason: "validation_failed",
    extra: { error },
  });
}
