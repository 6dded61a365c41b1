// Commands on work: chat, iterate, respond, call.
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { Attempt } from "#contracts/iterate.ts";
import type { RespondAnswer } from "#contracts/respond.ts";
import { ALL_CONTRACTS } from "#contracts/all-contracts.ts";
import { nearestName } from "#kernel/check-input.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { parseJsonOption, wholeNumber, type CommandKit, type Session } from "./command-kit.ts";
import { bold, dim, green, humanTime, red, yellow } from "./output.ts";

export function addWorkCommands(program: Command, kit: CommandKit): void {
  addChat(program, kit);
  addIterate(program, kit);
  addRespond(program, kit);
  addCall(program, kit);
}

interface ModelOptions {
  model?: string;
  provider?: string;
}

function modelOf({ model, provider }: ModelOptions): ModelOptions {
  return {
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider }),
  };
}

function addChat(program: Command, kit: CommandKit): void {
  program
    .command("chat")
    .description("ask a model; the answer is printed as it comes")
    .argument("<text...>", "what to say")
    .option("-m, --model <model>", "provider/model or tier/<name>; default: as configured")
    .option("--provider <name>", "wins over the model's prefix")
    .option("--system <text>", "system message")
    .option("--temperature <number>", "left out unless given", Number)
    .option("--max-tokens <count>", "tokens at most", wholeNumber(1, 1_000_000))
    .action((words: string[], options: ModelOptions & ChatOptions) =>
      kit.withHouse((session) => chatOnce(kit, session, words.join(" "), options)),
    );
}

interface ChatOptions {
  system?: string;
  temperature?: number;
  maxTokens?: number;
}

async function chatOnce(
  kit: CommandKit,
  session: Session,
  text: string,
  options: ModelOptions & ChatOptions,
): Promise<void> {
  const system =
    options.system === undefined ? [] : [{ role: "system" as const, content: options.system }];
  const request = {
    ...modelOf(options),
    messages: [...system, { role: "user" as const, content: text }],
    ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
    ...(options.maxTokens === undefined ? {} : { max_tokens: options.maxTokens }),
  };
  if (session.output.json) {
    const answer = await session.clients.chat.chat(request);
    session.output.result(answer, () => answer.content);
    return;
  }
  let who = "";
  for await (const piece of session.clients.chat.stream(request)) {
    kit.host.terminal.out(piece.content);
    who = piece.model;
  }
  kit.host.terminal.out("\n");
  session.output.note(dim(who));
}

interface IterateOptions extends ModelOptions {
  context: string;
  maxIterations: number;
  promptFile?: string;
}

function addIterate(program: Command, kit: CommandKit): void {
  program
    .command("iterate")
    .description("generate, validate, retry with the validator's error, until it is right")
    .argument("<kind>", "kind of artifact, e.g. fill")
    .argument("[prompt...]", "the prompt")
    .option("--prompt-file <file>", "read the prompt from a file")
    .option("--context <json>", "what the validator needs to know", "{}")
    .option("-m, --model <model>", "provider/model or tier/<name>; default: as configured")
    .option("--provider <name>", "wins over the model's prefix")
    .option("--max-iterations <count>", "attempts", wholeNumber(1, 20), 3)
    .action((kind: string, words: string[], options: IterateOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const file = options.promptFile;
        const answer = await clients.iterate.iterate({
          kind,
          prompt: file === undefined ? words.join(" ") : await readFile(file, "utf8"),
          context: parseJsonOption("--context", options.context),
          max_iterations: options.maxIterations,
          ...modelOf(options),
        });
        output.result(answer, () =>
          [
            ...answer.history.map(describeAttempt),
            JSON.stringify(answer.artifact, undefined, 2),
            dim(`${answer.model} (${answer.provider_kind}), trace ${answer.trace_id}`),
          ].join("\n"),
        );
      }),
    );
}

function describeAttempt(attempt: Attempt): string {
  const mark = attempt.verdict === "accepted" ? green("✓ accepted") : red(`✗ ${attempt.verdict}`);
  const why = attempt.error === null ? "" : `: ${attempt.error.message}`;
  return `iteration ${attempt.iteration} ${mark}${why}`;
}

interface RespondOptions extends ModelOptions {
  kind?: string;
  maxIterations: number;
  k: number;
  playbook: boolean;
  record: boolean;
}

function addRespond(program: Command, kit: CommandKit): void {
  program
    .command("respond")
    .description("a task in words to validated work: retrieve, draft, validate, remember")
    .argument("<task...>", 'e.g. "Need 3 forklift operators in Toledo, OH"')
    .option("--kind <kind>", "task class; default: the domains are asked")
    .option("-m, --model <model>", "provider/model or tier/<name>; default: as configured")
    .option("--provider <name>", "wins over the model's prefix")
    .option("--max-iterations <count>", "attempts", wholeNumber(1, 20), 3)
    .option("-k, --k <count>", "candidates that are retrieved", wholeNumber(1, 200), 20)
    .option("--no-playbook", "without what was learned")
    .option("--no-record", "do not remember the answer")
    .action((words: string[], options: RespondOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.respond.respond({
          task: words.join(" "),
          max_iterations: options.maxIterations,
          k: options.k,
          use_playbook: options.playbook,
          record_playbook: options.record,
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
  if (answer.status === "nothing_relevant")
    lines.push(`${yellow("nothing relevant")}: ${answer.reason}`);
  if (answer.artifact !== null) lines.push(bold(JSON.stringify(answer.artifact, undefined, 2)));
  const used = answer.playbooks_applied.length;
  const who =
    answer.model === null ? "no model was asked" : `${answer.model} (${answer.provider_kind})`;
  const learned = `${used} playbooks applied, ${answer.playbooks_recorded.length} recorded`;
  lines.push(dim(`${who}; ${learned}; ${humanTime(answer.duration_ms)}; trace ${answer.trace_id}`));
  return lines.join("\n");
}

function addCall(program: Command, kit: CommandKit): void {
  program
    .command("call")
    .description("call any operation of the house: lakehouse call vector.list '{}'")
    .argument("<service.operation>")
    .argument("[input]", "JSON object", "{}")
    .action((target: string, input: string) =>
      kit.withHouse(async ({ clients, output }) => {
        const { service, operation, kind } = findOperation(target);
        const client = (clients as unknown as Record<string, Record<string, AnyMethod>>)[service]!;
        const answer = client[operation]!(parseJsonOption("input", input));
        if (kind === "stream") {
          for await (const item of answer as AsyncIterable<unknown>) {
            output.item(item, () => JSON.stringify(item));
          }
          return;
        }
        const value = await (answer as Promise<unknown>);
        output.result(value, () => JSON.stringify(value, undefined, 2));
      }),
    );
}

type AnyMethod = (input: unknown) => unknown;

function findOperation(target: string): { service: string; operation: string; kind: string } {
  const known: { id: string; service: string; operation: string; kind: string }[] = [];
  for (const [service, contract] of Object.entries(ALL_CONTRACTS)) {
    for (const [operation, { kind }] of Object.entries(contract.operations)) {
      if (kind !== "bytes") known.push({ id: `${service}.${operation}`, service, operation, kind });
    }
  }
  const found = known.find((one) => one.id === target);
  if (found !== undefined) return found;
  const nearest = nearestName(
    target,
    known.map((one) => one.id),
  );
  throw new LakehouseError("not_found", `there is no operation ${target}`, {
    reason: "no_such_operation",
    hint: nearest === undefined ? known.map((one) => one.id).join(" ") : `did you mean ${nearest}?`,
  });
}
