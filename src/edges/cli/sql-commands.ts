// Commands that ask: sql and explain.
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { collectBytes } from "#kernel/http-client.ts";
import { wholeNumber, type CommandKit, type Session } from "./command-kit.ts";
import { dim, humanAmount, humanBytes, humanCount, humanTime, table } from "./output.ts";

export function addSqlCommands(program: Command, kit: CommandKit): void {
  addSql(program, kit);
  addExplain(program, kit);
}

interface SqlOptions {
  format: "table" | "json" | "ndjson" | "csv" | "arrow" | "parquet";
  output?: string;
  at?: string;
  limit?: number;
  param?: string[];
  timeout?: number;
  memory?: number;
  cache: boolean;
}

function addSql(program: Command, kit: CommandKit): void {
  program
    .command("sql")
    .description("run one read-only SELECT over datasets and the kb logs")
    .argument("<statement>", 'e.g. "SELECT city, count(*) FROM workers GROUP BY 1"')
    .option("-f, --format <format>", "table, json, ndjson, csv, arrow or parquet", "table")
    .option("-o, --output <file>", "write the result to a file")
    .option("-p, --param <value...>", "values for $1, $2 …")
    .option("--at <point>", "as the data was then: ISO time, snapshot id or tag")
    .option("--limit <rows>", "rows at most", wholeNumber(1, 1e9))
    .option("--memory <MB>", "memory of this query alone", wholeNumber(16, 1_048_576))
    .option("--no-cache", "ask the engine even if the answer is held")
    .option("--timeout <ms>", "give up after this time", wholeNumber(1, 3_600_000))
    .action((sql: string, options: SqlOptions) =>
      kit.withHouse(async (session) => {
        const request = {
          sql,
          params: (options.param ?? []).map(readParam),
          cache: options.cache,
          ...(options.memory === undefined ? {} : { memory_mb: options.memory }),
          ...(options.at === undefined ? {} : { at: options.at }),
          ...(options.limit === undefined ? {} : { limit: options.limit }),
          ...(options.timeout === undefined ? {} : { timeout_ms: options.timeout }),
        };
        if (options.format === "table" && options.output === undefined) {
          await printRows(session, request);
          return;
        }
        const format = options.format === "table" ? "csv" : options.format;
        const answer = await session.clients.query.sql({ ...request, format });
        if (options.output === undefined) {
          kit.host.terminal.out((await collectBytes(answer.body, 1 << 30)).toString("utf8"));
          return;
        }
        await pipeline(answer.body, createWriteStream(options.output));
        session.output.note(`written: ${options.output}`);
      }),
    );
}

function readParam(text: string): string | number | boolean | null {
  if (text === "null") return null;
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

async function printRows(
  session: Session,
  request: { sql: string; params: (string | number | boolean | null)[] },
): Promise<void> {
  const answer = await session.clients.query.rows({ limit: 1_000, ...request });
  session.output.result(answer, () => {
    const more = answer.truncated ? ", more were cut: use --limit or --output" : "";
    const foot = `${humanAmount(answer.row_count, "row")}, ${humanTime(answer.elapsed_ms)}${more}`;
    const head = answer.columns.map((column) => column.name);
    return `${table(head, answer.rows)}\n${dim(foot)}`;
  });
}

interface ExplainOptions {
  param?: string[];
  at?: string;
  analyze?: boolean;
}

function addExplain(program: Command, kit: CommandKit): void {
  program
    .command("explain")
    .description("what a SELECT would read: files kept and left out, and the engine's plan")
    .argument("<statement>", "the SELECT")
    .option("-p, --param <value...>", "values for $1, $2 …")
    .option("--at <point>", "as the data was then: ISO time, snapshot id or tag")
    .option("--analyze", "run it and tell times and row counts")
    .action((sql: string, options: ExplainOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.query.explain({
          sql,
          params: (options.param ?? []).map(readParam),
          analyze: options.analyze ?? false,
          ...(options.at === undefined ? {} : { at: options.at }),
        });
        output.result(answer, () => {
          const rows = answer.tables.map((one) => [
            one.name,
            `${humanCount(one.files_read)} of ${humanCount(one.files_total)}`,
            humanBytes(one.bytes_read),
            one.conditions.join(" and "),
            one.snapshot_id,
          ]);
          const head = ["dataset", "files read", "size", "left out by", "snapshot"];
          const foot = dim(`${answer.engine}, planned in ${humanTime(answer.planning_ms)}`);
          return [table(head, rows), "", answer.plan.trimEnd(), foot].join("\n");
        });
      }),
    );
}
