// truth: holds the rules of a task class against a context and decides by what holds.
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import type { truth, TruthFinding, TruthVerdict } from "#contracts/truth.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { evaluateCondition } from "./evaluate-condition.ts";
import type { Matchers } from "./linear-pattern.ts";
import { createTaskClasses, EVERY_CLASS, rulesOfNobody } from "./task-classes.ts";
import { collectRules, type KnownRule } from "./truth-rules.ts";
import type { TruthSettings } from "./truth-settings.ts";

export interface TruthNeeds {
  readonly packs: readonly DomainPack[];
  /** Told of rules that nothing is held against; absent: health alone tells. */
  readonly log?: Log | undefined;
}

export async function createTruth(
  needs: TruthNeeds,
  settings: TruthSettings,
): Promise<Service<typeof truth>> {
  const { rules, matchers } = await collectRules(settings.rules, needs.packs);
  const classes = createTaskClasses(needs.packs);
  const counts = { allow: 0, deny: 0, require_review: 0, not_evaluated: 0 };
  const waiting = rulesOfNobody(rules, classes);
  for (const { name, task_class } of waiting) {
    const meant = classes.nearest(task_class);
    needs.log?.warn({ rule: name, task_class, meant }, "no domain has the task class of this rule");
  }
  /** Classes of the callers' own: whoever asks about one has not misspelt it. */
  const asked_about = new Set<string>();

  const rulesOf = (task_class: string) =>
    rules.filter(
      (rule) =>
        rule.task_class === EVERY_CLASS ||
        classes.fullName(rule.task_class) === classes.fullName(task_class),
    );

  return {
    handlers: {
      async evaluate({ task_class, context }) {
        const findings = rulesOf(task_class).map((rule) => findingOf(rule, context, matchers));
        if (waiting.some((rule) => rule.task_class === task_class)) asked_about.add(task_class);
        const verdict = decide(findings, settings.default_action);
        counts[verdict.decision]++;
        counts.not_evaluated += verdict.not_evaluated;
        return verdict;
      },
      async rules({ task_class }) {
        const asked = task_class === undefined ? rules : rulesOf(task_class);
        return {
          rules: asked.map(({ name, action, message, when, source, ...rest }) => {
            return { name, task_class: rest.task_class, action, message, when, source };
          }),
        };
      },
    },
    async health() {
      const figures = { rules: rules.length, ...counts };
      const never_asked = waiting.filter(({ task_class }) => !asked_about.has(task_class));
      if (never_asked.length === 0) return { status: "ok", figures };
      const named = never_asked.map(({ name, task_class }) => `${name} (${task_class})`);
      const reason = `rules of a task class that no domain has: ${named.join(", ")}`;
      return { status: "degraded", figures: { ...figures, reason } };
    },
    stop: async () => undefined,
  };
}

function findingOf(rule: KnownRule, context: unknown, matchers: Matchers): TruthFinding {
  const truth = evaluateCondition(rule.when, context, matchers);
  const { name, action, message } = rule;
  if (truth.holds === undefined) {
    return { rule: name, action, outcome: "not_evaluated", reason: truth.reason, message };
  }
  const outcome = truth.holds ? "holds" : "does_not_hold";
  return { rule: name, action, outcome, reason: "", message };
}

/** A rule that could not be evaluated might have denied: unless one denies, somebody must look. */
function decide(
  findings: readonly TruthFinding[],
  default_action: TruthSettings["default_action"],
): TruthVerdict {
  const holding = (action: TruthFinding["action"]) =>
    findings.find((one) => one.action === action && one.outcome === "holds");
  const open = findings.filter((one) => one.outcome === "not_evaluated");
  const matters = open.find((one) => one.action !== "note");
  const figures = {
    findings: [...findings],
    rules_evaluated: findings.length - open.length,
    not_evaluated: open.length,
  };
  const by = (one: TruthFinding) => `${one.rule}: ${one.message || "holds"}`;
  const denied = holding("deny");
  if (denied !== undefined) return { decision: "deny", reason: by(denied), ...figures };
  const review = holding("require_review");
  if (review !== undefined) return { decision: "require_review", reason: by(review), ...figures };
  if (matters !== undefined) {
    const reason = `${matters.rule} could not be evaluated: ${matters.reason}`;
    const decision = default_action === "deny" ? "deny" : "require_review";
    return { decision, reason, ...figures };
  }
  const allowed = holding("allow");
  if (allowed !== undefined) return { decision: "allow", reason: by(allowed), ...figures };
  return { decision: default_action, reason: "no rule holds", ...figures };
}
