// The rules of settings and domains, checked once when the service opens.
import { toIssues } from "#kernel/check-input.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { truthRule, type TruthCondition, type TruthRule } from "#contracts/truth.ts";
import type { DomainPack } from "#ports/domain-pack.ts";

export interface KnownRule extends TruthRule {
  /** `settings`, or the domain's name. */
  readonly source: string;
}

/** Every rule; throws `invalid` / `bad_settings` for one that could never be evaluated. */
export function collectRules(
  settings: readonly TruthRule[],
  packs: readonly DomainPack[],
): readonly KnownRule[] {
  const rules = settings.map((rule) => ({ ...rule, source: "settings" }));
  for (const pack of packs) {
    for (const given of pack.truth_rules ?? []) {
      const parsed = truthRule.safeParse(given);
      if (!parsed.success) {
        const issues = toIssues(truthRule, parsed.error);
        throw badRule(`a rule of ${pack.name}: ${issues[0]?.path} ${issues[0]?.message}`);
      }
      rules.push({ ...parsed.data, source: pack.name });
    }
  }
  const names = new Set<string>();
  for (const { name, when } of rules) {
    if (names.has(name)) throw badRule(`there are two truth rules "${name}"`);
    names.add(name);
    checkPatterns(name, when);
  }
  return rules;
}

function checkPatterns(name: string, condition: TruthCondition): void {
  if (condition.kind === "field_matches") {
    try {
      void new RegExp(condition.pattern, "u");
    } catch (cause) {
      throw badRule(`rule "${name}": ${(cause as Error).message}`, cause);
    }
  }
  if ("condition" in condition) checkPatterns(name, condition.condition);
  if ("conditions" in condition) for (const one of condition.conditions) checkPatterns(name, one);
}

function badRule(message: string, cause?: unknown): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "bad_settings", cause });
}
