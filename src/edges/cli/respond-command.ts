// `lakehouse respond`: a task in words to validated work, and what of it is remembered.
import type { Command } from "commander";
import type { RespondAnswer } from "#contracts/respond.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { parseJsonOption, wholeNumber, type CommandKit } from "./command-kit.ts";
import { describeAttempt } from "./iterate-command.ts";
import { modelOf, type ModelOptions } from "./model-options.ts";
import { bold, dim, humanTime, yellow } from "./output.ts";

interface RespondOptions extends ModelOptions {
  kind?: string;
  context: string;
  maxIterations: number;
  k: number;
  playbook: boolean;
  record: boolean;
  scope?: string;
}

export function addRespond(program: Command, kit: CommandKit): void {
  program
    .command("respond")
    .description("a task in words to validated work: retrieve, draft, validate, remember")
    .argument("<task...>", 'e.g. "Need 3 forklift operators in Toledo, OH"')
    .option("--kind <kind>", "task class; default: the domains are asked")
    .option("--context <json>", "what the domain is to know beside the words", "{}")
    .option("-m, --model <model>", "provider/model or tier/<name>; default: as configured")
    .option("--provider <name>", "wins over the model's prefix")
    .option("--max-iterations <count>", "attempts", wholeNumber(1, 20), 3)
    .option("-k, --k <count>", "candidates that are retrieved", wholeNumber(1, 200), 20)
    .option("--scope <name>", "playbooks of this tenant or agent; default: default")
    .option("--no-playbook", "without what was learned")
    .option("--no-record", "do not remember the answer")
    .action((words: string[], options: RespondOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.respond.respond({
          task: words.join(" "),
          context: parseJsonOption("--context", options.context),
          max_iterations: options.maxIterations,
          k: options.k,
          use_playbook: options.playbook,
          record_playbook: options.record,
          ...(options.scope === undefined ? {} : { playbook_scope: options.scope }),
          ...(options.kind === undefined ? {} : { kind: options.kind }),
          ...modelOf(options),
        });
        output.result(answer, () => describeRespond(answer));
        if (answer.status === "max_iter_exhausted") {
          throw new LakehouseError("rejected", `no draft was accepted: ${answer.reason}`);
        }
      }),
    );
}

function describeRespond(answer: RespondAnswer): string {
  const lines = answer.history.map(describeAttempt);
  const warn = (what: string, why: string) => lines.push(`${yellow(what)}: ${why}`);
  for (const { applied_at_turn, model, correction } of answer.corrections) {
    lines.push(`correction before iteration ${applied_at_turn} ${dim(model)}: ${correction}`);
  }
  if (answer.status === "nothing_relevant") warn("nothing relevant", answer.reason);
  if (answer.artifact !== null) lines.push(bold(JSON.stringify(answer.artifact, undefined, 2)));
  for (const demand of answer.not_understood) warn("not understood", demand);
  for (const what of answer.not_recorded) warn("not recorded", what);
  const used = answer.playbooks_applied.length;
  const who =
    answer.model === null ? "no model was asked" : `${answer.model} (${answer.provider_kind})`;
  const applied = `${used} playbook${used === 1 ? "" : "s"} applied`;
  const learned = `${applied}, ${answer.playbooks_recorded.length} recorded`;
  lines.push(dim(`${who}; ${learned}; ${humanTime(answer.duration_ms)}; trace ${answer.trace_id}`));
  return lines.join("\n");
}
