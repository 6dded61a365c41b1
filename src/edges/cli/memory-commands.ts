// Commands on pathway memory: traces of what was tried, within a scope.
import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Option, type Command } from "commander";
import type { Pathway, PathwayHit } from "#contracts/pathway.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { decimal, repeated, wholeNumber, type CommandKit, type Session } from "./command-kit.ts";
import { bold, dim, green, humanCount, humanAmount, humanTime, table, yellow } from "./output.ts";

interface ScopeOptions {
  readonly tenant: string;
  readonly agent: string;
  readonly class: string;
}

interface WriteOptions extends ScopeOptions {
  readonly tag: string[];
  readonly source: string[];
  readonly trust?: number;
  readonly derivedFrom: string[];
  readonly session?: string;
}

export function addMemoryCommands(program: Command, kit: CommandKit): void {
  const memory = program
    .command("memory")
    .description("traces of what was tried and how it went (SQL: kb.pathways)");
  addWriting(memory, kit);
  addJudging(memory, kit);
  addReading(memory, kit);
  addListing(memory, kit);
  addKeeping(memory, kit);
}

/** The options that name a scope; a person's own memory when they are left out. */
function scoped(command: Command): Command {
  return command
    .option("--tenant <name>", "whose memory", "local")
    .option("--agent <name>", "who remembers", "cli")
    .option("--class <name>", "kind of task", "general");
}

function scopeOf({ tenant, agent, class: task_class }: ScopeOptions) {
  return { tenant, agent, task_class };
}

function writing(command: Command): Command {
  return scoped(command)
    .option("--tag <tag>", "tag (may be repeated)", repeated, [])
    .option(
      "--source <span>",
      "source, source:line or source@offset (may be repeated)",
      repeated,
      [],
    )
    .option("--trust <0..1>", "how far its sources are trusted", decimal(0, 1))
    .option("--derived-from <id>", "what it was concluded from (may be repeated)", repeated, [])
    .option("--session <id>", "session it belongs to");
}

/** What is JSON is taken as such; anything else is a text. */
function contentOf(words: readonly string[]): Pathway["content"] {
  const text = words.join(" ");
  if (!/^[[{"]/.test(text)) return text;
  try {
    return JSON.parse(text) as Pathway["content"];
  } catch {
    return text;
  }
}

function sourceOf(span: string, trust: number | undefined) {
  const rated = trust === undefined ? {} : { trust };
  const line = /^(.+):(\d+)$/.exec(span);
  if (line !== null) return { source: line[1]!, line: Number(line[2]), ...rated };
  const offset = /^(.+)@(\d+)$/.exec(span);
  if (offset !== null) return { source: offset[1]!, offset: Number(offset[2]), ...rated };
  return { source: span, ...rated };
}

function writtenOf(words: readonly string[], options: WriteOptions) {
  const { tag, source, trust, derivedFrom, session } = options;
  return {
    ...scopeOf(options),
    content: contentOf(words),
    tags: tag,
    sources: source.map((span) => sourceOf(span, trust)),
    derived_from: derivedFrom,
    ...(session === undefined ? {} : { session_id: session }),
  };
}

function addWriting(memory: Command, kit: CommandKit): void {
  writing(memory.command("add <content...>"))
    .description("remember a trace: text, or JSON")
    .action((words: string[], options: WriteOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.pathway.add(writtenOf(words, options));
        output.result(answer, () => `${green("✓")} ${answer.result} ${answer.pathway.pathway_id}`);
      }),
    );
  writing(memory.command("revise <id> <content...>"))
    .description("a new version in place of an older one")
    .action((pathway_id: string, words: string[], options: WriteOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.pathway.revise({ pathway_id, ...writtenOf(words, options) });
        output.result(answer, () => `${green("✓")} ${answer.pathway_id} replaces ${pathway_id}`);
      }),
    );
  writing(memory.command("update <id> [content...]"))
    .description("correct a trace where it stands")
    .action((pathway_id: string, words: string[], options: WriteOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const { content, tags, sources } = writtenOf(words, options);
        const answer = await clients.pathway.update({
          pathway_id,
          ...scopeOf(options),
          ...(words.length === 0 ? {} : { content }),
          ...(tags.length === 0 ? {} : { tags }),
          ...(sources.length === 0 ? {} : { sources }),
        });
        output.result(answer, () => `${green("✓")} ${describe(answer)}`);
      }),
    );
}

function addJudging(memory: Command, kit: CommandKit): void {
  scoped(memory.command("retire <id>"))
    .description("take a trace out of every later search; its history stays")
    .option("--reason <text>", "why", "")
    .option("--whole-chain", "every version, older and newer")
    .action((pathway_id: string, o: ScopeOptions & { reason: string; wholeChain?: boolean }) =>
      kit.withHouse(async ({ clients, output }) => {
        const whole_chain = o.wholeChain ?? false;
        const input = { ...scopeOf(o), pathway_id, reason: o.reason, whole_chain };
        const answer = await clients.pathway.retire(input);
        output.result(answer, () => describe(answer));
      }),
    );
  scoped(memory.command("outcome <id>"))
    .description("say how a trace fared when it was used")
    .addOption(new Option("--was <what>").choices(["good", "bad"]).makeOptionMandatory())
    .action((pathway_id: string, options: ScopeOptions & { was: "good" | "bad" }) =>
      kit.withHouse(async ({ clients, output }) => {
        const success = options.was === "good";
        const answer = await clients.pathway.outcome({ ...scopeOf(options), pathway_id, success });
        output.result(answer, () => describe(answer));
      }),
    );
}

interface SearchOptions extends ScopeOptions {
  readonly k: number;
  readonly mode: "mixed" | "lexical" | "dense";
  readonly tag: string[];
  readonly superseded?: boolean;
}

function addReading(memory: Command, kit: CommandKit): void {
  scoped(memory.command("search <text...>"))
    .description("traces by words and meaning, newest versions only")
    .option("-k, --k <count>", "results", wholeNumber(1, 1000), 10)
    .addOption(new Option("--mode <how>").choices(["mixed", "lexical", "dense"]).default("mixed"))
    .option("--tag <tag>", "only with this tag (may be repeated)", repeated, [])
    .option("--superseded", "older versions too")
    .action((words: string[], options: SearchOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.pathway.search({
          ...scopeOf(options),
          query_text: words.join(" "),
          k: options.k,
          mode: options.mode,
          tags: options.tag,
          include_superseded: options.superseded ?? false,
          remember_recall: false,
        });
        output.result(answer, () => {
          const note = answer.degraded === null ? "" : ` (${yellow(answer.degraded)})`;
          const figures = `${humanAmount(answer.hits.length, "trace")} by ${answer.method}`;
          const last = dim(`${figures}, ${humanTime(answer.took_ms)}`) + note;
          return [...answer.hits.map(describeHit), last].join("\n");
        });
      }),
    );
  scoped(memory.command("get <id>"))
    .description("one trace")
    .action((pathway_id: string, options: ScopeOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.pathway.get({ ...scopeOf(options), pathway_id });
        output.result(answer, () => JSON.stringify(answer, undefined, 2));
      }),
    );
  scoped(memory.command("history <id>"))
    .description("the versions it replaced, newest first, and every operation")
    .option("-n, --limit <count>", "operations at most", wholeNumber(1, 1000), 100)
    .action((pathway_id: string, options: ScopeOptions & { limit: number }) =>
      kit.withHouse(async ({ clients, output }) => {
        const { limit } = options;
        const answer = await clients.pathway.history({ ...scopeOf(options), pathway_id, limit });
        output.result(answer, () => {
          const bites = answer.cycle === null ? [] : [yellow(`the chain ends in ${answer.cycle}`)];
          const rows = answer.operations.map((one) => [one["at"], one["op"], one["pathway_id"]]);
          const done = table(["at", "operation", "id"], rows);
          return [...answer.versions.map(describe), ...bites, done].join("\n");
        });
      }),
    );
}

function addListing(memory: Command, kit: CommandKit): void {
  scoped(memory.command("list", { isDefault: true }))
    .description("traces of a scope, newest first")
    .option("-n, --limit <count>", "traces at most", wholeNumber(1, 1000), 20)
    .option("--tag <tag>", "only with this tag")
    .action((options: ScopeOptions & { limit: number; tag?: string }) =>
      kit.withHouse(async ({ clients, output }) => {
        const { limit, tag } = options;
        const more = tag === undefined ? {} : { tag };
        const answer = await clients.pathway.list({ ...scopeOf(options), limit, ...more });
        output.result(answer, () =>
          table(
            ["id", "status", "content", "evidence", "ok", "bad", "stale"],
            answer.pathways.map((one) => [
              one.pathway_id,
              one.status,
              shortText(one),
              one.evidence,
              one.successes,
              one.failures,
              one.stale ? "stale" : "",
            ]),
          ),
        );
      }),
    );
  scoped(memory.command("stats"))
    .description("figures of a scope")
    .action((options: ScopeOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const { embedding, ...counts } = await clients.pathway.stats(scopeOf(options));
        output.result({ ...counts, embedding }, () =>
          table(
            ["what", "count"],
            [
              ...Object.entries(counts).map(([name, value]) => [name, humanCount(value)]),
              ["embedded", humanCount(embedding.embedded)],
              ["to be embedded", humanCount(embedding.backlog)],
            ],
          ),
        );
      }),
    );
  memory
    .command("scopes")
    .description("the scopes there are")
    .action(() =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.pathway.scopes({});
        output.result(answer, () =>
          table(
            ["tenant", "agent", "class", "traces", "active"],
            answer.scopes.map((s) => [s.tenant, s.agent, s.task_class, s.traces, s.active]),
          ),
        );
      }),
    );
}

function addKeeping(memory: Command, kit: CommandKit): void {
  scoped(memory.command("export"))
    .argument("[file]", "where to; - is standard output", "-")
    .description("every row of a scope, history included, byte for byte")
    .action((file: string, options: ScopeOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const { rows, body } = await clients.pathway.export(scopeOf(options));
        if (file === "-") {
          await printText(body, (text) => kit.host.terminal.out(text));
          output.note(`${green("✓")} ${humanCount(rows)} rows`);
          return;
        }
        await pipeline(Readable.from(body), createWriteStream(file));
        output.result({ rows, file }, () => `${green("✓")} ${humanCount(rows)} rows to ${file}`);
      }),
    );
  scoped(memory.command("import <file>"))
    .description("take over what export wrote")
    .action((file: string, options: ScopeOptions) =>
      kit.withHouse((session) => importFile(session, file, options)),
    );
  memory
    .command("compact")
    .description("write counts of many rows as one; the history stays whole")
    .action(() =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.pathway.compact({});
        const { rows_before, rows_after } = answer;
        output.result(
          answer,
          () => `${humanCount(rows_before)} rows are ${humanCount(rows_after)}`,
        );
      }),
    );
  memory
    .command("verify")
    .description("read the whole log anew and compare")
    .action(() =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.pathway.verify({});
        output.result(answer, () =>
          answer.ok
            ? `${green("✓")} ${humanCount(answer.rows)} rows, ${humanCount(answer.traces)} traces`
            : answer.problems.map((one) => `${yellow(one.kind)} ${one.message}`).join("\n"),
        );
        if (!answer.ok) process.exitCode = 3;
      }),
    );
}

/** Lines of JSON are UTF-8; a sign may stand across two chunks. */
async function printText(body: AsyncIterable<Uint8Array>, print: (text: string) => void) {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for await (const chunk of body) print(decoder.decode(chunk, { stream: true }));
  print(decoder.decode());
}

async function importFile({ clients, output }: Session, file: string, options: ScopeOptions) {
  const body = createReadStream(file);
  await new Promise<void>((resolve, reject) => {
    body.once("open", () => resolve());
    body.once("error", (error) => {
      const message = `cannot read ${file}: ${error.message}`;
      reject(new LakehouseError("not_found", message, { cause: error }));
    });
  });
  const answer = await clients.pathway.import({ ...scopeOf(options), body });
  const { rows, written } = answer;
  output.result(answer, () => `${green("✓")} ${humanCount(rows)} rows, ${humanCount(written)} new`);
}

function shortText({ content }: Pathway): string {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  return text.replaceAll(/\s+/g, " ").slice(0, 100);
}

function describe(one: Pathway): string {
  return `${one.pathway_id} ${dim(one.status)} ${shortText(one)}`;
}

function describeHit({ pathway, score }: PathwayHit): string {
  const head = `${bold(pathway.pathway_id)} ${dim(score.toFixed(3))}`;
  const mark = pathway.status === "active" ? "" : ` ${yellow(pathway.status)}`;
  return `${head}${mark}${pathway.stale ? yellow(" stale") : ""}\n     ${shortText(pathway)}`;
}
