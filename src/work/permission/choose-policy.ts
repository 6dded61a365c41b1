// Which policy decides on an action, and what it says at a confidence.
import type { PermissionDecision, PermissionPolicy } from "#contracts/permission.ts";

export interface Choice {
  readonly decision: PermissionDecision["decision"];
  readonly policy: string;
  readonly reason: string;
}

/** The exact kind, then the nearest `kind.*` above it, then `*`. */
export function choosePermission(
  policies: readonly PermissionPolicy[],
  action: string,
  confidence: number,
): Choice {
  const policy = policyFor(policies, action);
  if (policy === undefined) {
    return { decision: "block", policy: "", reason: `no policy covers ${action}` };
  }
  const steps = [
    ["auto", policy.auto_from],
    ["dry_run", policy.dry_run_from],
    ["simulation", policy.simulation_from],
  ] as const;
  for (const [decision, from] of steps) {
    if (from === undefined || confidence < from) continue;
    const reason = `confidence ${confidence} reaches ${from} for ${decision}`;
    return { decision, policy: policy.action, reason };
  }
  const reason = `confidence ${confidence} reaches no step of ${policy.action}`;
  return { decision: "block", policy: policy.action, reason };
}

function policyFor(
  policies: readonly PermissionPolicy[],
  action: string,
): PermissionPolicy | undefined {
  const parts = action.split(".");
  const wanted = [action];
  for (let kept = parts.length - 1; kept > 0; kept--) {
    wanted.push(`${parts.slice(0, kept).join(".")}.*`);
  }
  for (const name of [...wanted, "*"]) {
    const found = policies.find((one) => one.action === name);
    if (found !== undefined) return found;
  }
  return undefined;
}
