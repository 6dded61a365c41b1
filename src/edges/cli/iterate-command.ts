// `lakehouse iterate`: drafts until the validator accepts one, side by side and handed on if asked.
import { readFile } from "node:fs/promises";
import { InvalidArgumentError, type Command } from "commander";
import { z } from "zod";
import { attempt, iterate, type Attempt, type Escalation } from "#contracts/iterate.ts";
import { startCall } from "#kernel/call.ts";
import { type LakehouseError, retold, toLakehouseError } from "#kernel/problem.ts";
import { decimal, parseJsonOption, wholeNumber, type CommandKit } from "./command-kit.ts";
import { modelOf, type ModelOptions } from "./model-options.ts";
import { dim, green, red, yellow, type Output } from "./output.ts";

interface IterateOptions extends ModelOptions {
  context: string;
  maxIterations: number;
  promptFile?: string;
  system?: string;
  temperature?: number;
  maxTokens?: number;
  drafts: number;
  escalate: Escalation[];
  driftAfter?: number;
}

export function addIterate(program: Command, kit: CommandKit): void {
  program
    .command("iterate")
    .description("generate, validate, retry with the validator's error, until it is right")
    .argument("<kind>", "kind of artifact, e.g. fill")
    .argument("[prompt...]", "the prompt")
    .option("--prompt-file <file>", "read the prompt from a file")
    .option("--system <text>", "system message")
    .option("--context <json>", "what the validator needs to know", "{}")
    .option("-m, --model <model>", "provider/model or tier/<name>; default: as configured")
    .option("--provider <name>", "wins over the model's prefix")
    .option("--temperature <number>", "default: 0.2", decimal(0, 2))
    .option("--max-tokens <count>", "tokens of an answer at most", wholeNumber(1, 1_000_000))
    .option("--max-iterations <count>", "attempts", wholeNumber(1, 20), 3)
    .option(
      "--drafts <count>",
      "asked side by side; the first right one wins",
      wholeNumber(1, 8),
      1,
    )
    .option(
      "--escalate <at:model>",
      "hand over to another model from that iteration on, e.g. 3:tier/local_judge; repeatable",
      readEscalation,
      [],
    )
    .option("--drift-after <count>", "give up on the same refused draft", wholeNumber(2, 20))
    .action((kind: string, words: string[], options: IterateOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const file = options.promptFile;
        const prompt = file === undefined ? words.join(" ") : await readFile(file, "utf8");
        const call = startCall({ timeout_ms: iterate.operations.iterate.timeout_ms });
        const answer = await clients.iterate
          .iterate(requestOf(kind, prompt, options), call)
          .catch((thrown: unknown) => {
            throw notAccepted(toLakehouseError(thrown), call.trace_id, output);
          });
        const { review } = answer.validation;
        output.result(answer, () =>
          [
            ...answer.history.map(describeAttempt),
            JSON.stringify(answer.artifact, undefined, 2),
            ...(review === undefined ? [] : [`${yellow("a review is wanted")}: ${review}`]),
            dim(`${answer.model} (${answer.provider_kind}), trace ${answer.trace_id}`),
          ].join("\n"),
        );
      }),
    );
}

/** Shows what was tried, and names the trace: errors come from a server without it. */
function notAccepted(error: LakehouseError, trace_id: string, output: Output): LakehouseError {
  const tried = z.array(attempt).safeParse(error.extra["history"]);
  if (!tried.success) return error;
  const lines = [...tried.data.map(describeAttempt), dim(`trace ${trace_id}`)];
  if (!output.json) output.result(undefined, () => lines.join("\n"));
  return retold(error, { extra: { ...error.extra, trace_id } });
}

function requestOf(kind: string, prompt: string, options: IterateOptions) {
  const { system, temperature, maxTokens, driftAfter } = options;
  return {
    kind,
    prompt,
    context: parseJsonOption("--context", options.context),
    max_iterations: options.maxIterations,
    drafts: options.drafts,
    escalate: options.escalate,
    ...(system === undefined ? {} : { system }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(driftAfter === undefined ? {} : { drift_after: driftAfter }),
    ...modelOf(options),
  };
}

/** `3:tier/local_judge`; models may have colons of their own. */
function readEscalation(text: string, before: Escalation[]): Escalation[] {
  const [, at, model] = /^(\d{1,2}):(.+)$/.exec(text) ?? [];
  if (at === undefined || model === undefined) {
    throw new InvalidArgumentError('write <iteration>:<model>, e.g. "3:tier/local_judge"');
  }
  return [...before, { at: Number(at), model }];
}

/** One line for each attempt: which draft, by whom, and why it was refused. */
export function describeAttempt(attempt: Attempt): string {
  const { verdict, error, draft, model, repaired } = attempt;
  const mark = verdict === "accepted" ? green("✓ accepted") : red(`✗ ${verdict}`);
  const which = draft === undefined ? "" : `.${draft}`;
  const who = model === undefined ? "" : dim(` ${model}`);
  const mended = repaired === true ? dim(" (mended)") : "";
  const field = error !== null && "field" in error && error.field !== "" ? `: ${error.field}` : "";
  const why = error === null ? "" : `${field}: ${error.message}`;
  return `iteration ${attempt.iteration}${which} ${mark}${who}${mended}${why}`;
}
