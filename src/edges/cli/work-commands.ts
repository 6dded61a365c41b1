// Commands that ask: chat with a model, call of any operation; iterate and respond beside them.
import type { Command } from "commander";
import { ALL_CONTRACTS } from "#contracts/all-contracts.ts";
import { nearestName } from "#kernel/check-input.ts";
import { LakehouseError } from "#kernel/problem.ts";
import {
  decimal,
  parseJsonOption,
  wholeNumber,
  type CommandKit,
  type Session,
} from "./command-kit.ts";
import { addIterate } from "./iterate-command.ts";
import { modelOf, type ModelOptions } from "./model-options.ts";
import { dim } from "./output.ts";
import { addRespond } from "./respond-command.ts";

export function addWorkCommands(program: Command, kit: CommandKit): void {
  addChat(program, kit);
  addIterate(program, kit);
  addRespond(program, kit);
  addCall(program, kit);
}

function addChat(program: Command, kit: CommandKit): void {
  program
    .command("chat")
    .description("ask a model; the answer is printed as it comes")
    .argument("<text...>", "what to say")
    .option("-m, --model <model>", "provider/model or tier/<name>; default: as configured")
    .option("--provider <name>", "wins over the model's prefix")
    .option("--system <text>", "system message")
    .option("--temperature <number>", "left out unless given", decimal(0, 2))
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
  const notes: string[] = [];
  for await (const piece of session.clients.chat.stream(request)) {
    kit.host.terminal.out(piece.content);
    who = piece.model;
    notes.push(...(piece.notes ?? []));
  }
  kit.host.terminal.out("\n");
  for (const note of [who, ...notes]) session.output.note(dim(note));
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
