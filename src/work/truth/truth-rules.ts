// The rules of settings and domains, checked once when the service opens.
import { toIssues } from "#kernel/check-input.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { truthRule, type TruthCondition, type TruthRule } from "#contracts/truth.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { compilePattern, type Matcher, type Matchers } from "./linear-pattern.ts";

export interface KnownRule extends TruthRule {
  /** `settings`, or the domain's name. */
  readonly source: string;
}

export interface RuleBook {
  readonly rules: readonly KnownRule[];
  /** Of the patterns of all rules. */
  readonly matchers: Matchers;
}

/** Every rule; throws `invalid` / `bad_settings` for one that could never be evaluated. */
export async function collectRules(
  settings: readonly TruthRule[],
  packs: readonly DomainPack[],
): Promise<RuleBook> {
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
  const matchers = new Map<string, Matcher>();
  for (const { name, when } of rules) {
    if (names.has(name)) throw badRule(`there are two truth rules "${name}"`);
    names.add(name);
    for (const pattern of patternsOf(when)) {
      if (!matchers.has(pattern)) matchers.set(pattern, await matcherOf(name, pattern));
    }
  }
  return { rules, matchers };
}

async function matcherOf(name: string, pattern: string): Promise<Matcher> {
  try {
    return await compilePattern(pattern);
  } catch (cause) {
    const why = (cause as Error).message;
    const message = `rule "${name}": the pattern ${pattern} cannot be run: ${why}`;
    throw new LakehouseError("invalid", message, {
      reason: "bad_settings",
      hint: "patterns run in linear time: no lookaround, no backreferences, repeats up to 1000",
      cause,
    });
  }
}

/** The patterns of a condition and of those within it. */
export function patternsOf(condition: TruthCondition): string[] {
  if (condition.kind === "field_matches") return [condition.pattern];
  if ("condition" in condition) return patternsOf(condition.condition);
  if ("conditions" in condition) return condition.conditions.flatMap(patternsOf);
  return [];
}

function badRule(message: string): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "bad_settings" });
}
