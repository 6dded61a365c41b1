// Commands on playbooks: queries whose best answer is known.
import { Option, type Command } from "commander";
import type { Decision, Playbook, PlaybookMatch } from "#contracts/playbook.ts";
import {
  decimal,
  durationMs,
  parsePairs,
  repeated,
  wholeNumber,
  type CommandKit,
} from "./command-kit.ts";
import { bold, dim, green, table, yellow } from "./output.ts";

export function addPlaybook(program: Command, kit: CommandKit): void {
  const playbook = program.command("playbook").description("queries whose best answer is known");
  addList(playbook, kit);
  addGet(playbook, kit);
  addMatch(playbook, kit);
  addRoute(playbook, kit);
  addRecord(playbook, kit);
  addOutcome(playbook, kit);
  addJudging(playbook, kit);
}

interface ListOptions {
  limit: number;
  contains?: string;
  scope?: string;
  status?: Playbook["status"];
}

function addList(playbook: Command, kit: CommandKit): void {
  playbook
    .command("list", { isDefault: true })
    .description("entries, newest first")
    .option("-n, --limit <count>", "entries at most", wholeNumber(1, 1000), 20)
    .option("--contains <text>", "only those whose query contains this")
    .option("--scope <name>", "only those of this scope")
    .addOption(
      new Option("--status <what>", "only these").choices(["active", "contradicted", "retired"]),
    )
    .action((options: ListOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.playbook.list(options);
        output.result(answer, () =>
          table(
            ["id", "status", "query", "answer", "score", "evidence", "ok", "bad"],
            answer.playbooks.map((one) => [
              one.playbook_id,
              one.status,
              one.query_text,
              answerOf(one),
              one.score,
              one.evidence,
              one.successes,
              one.failures,
            ]),
          ),
        );
      }),
    );
}

function addGet(playbook: Command, kit: CommandKit): void {
  playbook
    .command("get <id>")
    .description("one entry, and every operation on it")
    .action((playbook_id: string) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.playbook.get({ playbook_id });
        output.result(answer, () => {
          const rows = answer.history.map((row) => [row["at"], row["op"], row["applied_to"] ?? ""]);
          const entry = JSON.stringify(answer.playbook, undefined, 2);
          return [entry, table(["at", "operation", "applied to"], rows)].join("\n");
        });
      }),
    );
}

interface MatchOptions {
  k: number;
  scope: string;
  class?: string;
  fact: string[];
  corpus?: string[];
}

function addMatch(playbook: Command, kit: CommandKit): void {
  playbook
    .command("match <text...>")
    .description("entries that may speak for a query, each with its reasons")
    .option("-k, --k <count>", "entries", wholeNumber(1, 100), 5)
    .option("--scope <name>", "whose entries", "default")
    .option("--class <name>", "kind of task, when it is known")
    .option("--fact <name=value>", "what is known beside the query: page, date, site", repeated, [])
    .option("-c, --corpus <name...>", "only answers of these corpora")
    .action((words: string[], options: MatchOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.playbook.match({
          query_text: words.join(" "),
          k: options.k,
          scope: options.scope,
          facts: parsePairs(options.fact),
          ...(options.class === undefined ? {} : { task_class: options.class }),
          ...(options.corpus === undefined ? {} : { corpora: options.corpus }),
        });
        output.result(answer, () => {
          if (answer.matches.length === 0) return yellow("nothing recorded is like it");
          return answer.matches.map(describeDecisions).join("\n");
        });
      }),
    );
}

function addRoute(playbook: Command, kit: CommandKit): void {
  playbook
    .command("route <text...>")
    .description("what kind of task a query is, by what the scope remembers")
    .option("-k, --k <count>", "recorded queries shown", wholeNumber(0, 50), 5)
    .option("--scope <name>", "whose entries", "default")
    .option("--in-scope-min <0..1>", "less likely to be of any kind: it is of none", decimal(0, 1))
    .action((words: string[], o: { k: number; scope: string; inScopeMin?: number }) =>
      kit.withHouse(async ({ clients, output }) => {
        const { k, scope, inScopeMin: in_scope_min } = o;
        const floor = in_scope_min === undefined ? {} : { in_scope_min };
        const query_text = words.join(" ");
        const answer = await clients.playbook.route({ query_text, k, scope, ...floor });
        output.result(answer, () => {
          const head = `${bold(answer.task_class ?? "of no kind known here")}: ${answer.reason}`;
          const rows = answer.nearest.map((one) => [
            one.likeness.toFixed(2),
            one.query_text,
            one.task_classes.join(", "),
          ]);
          return rows.length === 0 ? head : `${head}\n${table(["like", "query", "kind"], rows)}`;
        });
      }),
    );
}

interface RecordOptions {
  score: number;
  scope: string;
  class?: string;
  fact: string[];
  tag: string[];
  ttl?: number;
  notFor: string[];
}

function addRecord(playbook: Command, kit: CommandKit): void {
  playbook
    .command("record <query> <corpus> <answer-id>")
    .description("remember the best answer to a query")
    .option("--score <0..1>", "how good it is", Number, 1)
    .option("--scope <name>", "where it is seen", "default")
    .option("--class <name>", "kind of task, when it is known")
    .option("--fact <name=value>", "what the answer depends on (may be repeated)", repeated, [])
    .option("--tag <tag>", "tag (may be repeated)", repeated, [])
    .option("--ttl <time>", "how long it may be reused: 90s, 15m, 12h, 30d", durationMs)
    .option("--not-for <query>", "looks alike, asks for something else", repeated, [])
    .action((query_text: string, answer_corpus: string, answer_id: string, o: RecordOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.playbook.record({
          query_text,
          answer_corpus,
          answer_id,
          score: o.score,
          scope: o.scope,
          facts: parsePairs(o.fact),
          tags: o.tag,
          not_for: o.notFor,
          ...(o.class === undefined ? {} : { task_class: o.class }),
          ...(o.ttl === undefined ? {} : { ttl_ms: o.ttl }),
        });
        for (const warning of answer.warnings) output.note(`${yellow("warning")} ${warning}`);
        output.result(answer, () => `${green("✓")} ${answer.playbook.playbook_id}`);
      }),
    );
}

function addOutcome(playbook: Command, kit: CommandKit): void {
  playbook
    .command("outcome <id>")
    .description("say how an entry fared when it was applied")
    .addOption(new Option("--was <what>").choices(["good", "bad"]).makeOptionMandatory())
    .option("--query <text>", "what it was applied to; bad: never again for that")
    .action((playbook_id: string, o: { was: "good" | "bad"; query?: string }) =>
      kit.withHouse(async ({ clients, output }) => {
        const query = o.query === undefined ? {} : { query_text: o.query };
        const success = o.was === "good";
        const answer = await clients.playbook.outcome({ playbook_id, success, ...query });
        const { successes, failures } = answer;
        output.result(answer, () => `${playbook_id}: ${successes} good, ${failures} bad`);
      }),
    );
}

function addJudging(playbook: Command, kit: CommandKit): void {
  for (const [verb, description] of [
    ["retire", "take an entry out of every later search"],
    ["contradict", "say that an entry's answer is wrong"],
  ] as const) {
    playbook
      .command(`${verb} <id>`)
      .description(description)
      .option("--reason <text>", "why", "")
      .action((playbook_id: string, options: { reason: string }) =>
        kit.withHouse(async ({ clients, output }) => {
          const answer = await clients.playbook[verb]({ playbook_id, ...options });
          output.result(answer, () => `${answer.playbook_id}: ${answer.status}`);
        }),
      );
  }
}

function answerOf({ answer_corpus, answer_id }: Playbook): string {
  return `${answer_corpus}/${answer_id}`;
}

/** One line: whether it was applied, and why. */
export function describeMatch(match: PlaybookMatch): string {
  const mark = match.applied ? green("applied") : dim("not applied");
  const why = `${match.confidence.toFixed(2)} ${match.reason}`;
  return `playbook ${mark} "${match.playbook.query_text}" → ${match.playbook.answer_id}: ${why}`;
}

/** The entry and the three decisions on it. */
function describeDecisions({ playbook, decisions }: PlaybookMatch): string {
  const head = `${bold(playbook.query_text)} → ${answerOf(playbook)} ${dim(playbook.playbook_id)}`;
  const told = Object.entries(decisions).map(([name, decision]: [string, Decision]) => {
    const mark = decision.decided ? green("yes") : dim("no ");
    return `  ${mark} ${name.padEnd(8)} ${decision.probability.toFixed(2)} ${decision.reason}`;
  });
  return [head, ...told].join("\n");
}
