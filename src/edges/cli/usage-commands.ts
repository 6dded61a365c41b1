// Commands on usage: what was asked and what it cost, and the virtual keys.
import { InvalidArgumentError, Option, type Command } from "commander";
import type { KeyView, UsageGroup } from "#contracts/usage.ts";
import { systemClock } from "#kernel/clock.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { amount, repeated, wholeNumber, type CommandKit, type Session } from "./command-kit.ts";
import { humanCount, humanTime, table } from "./output.ts";

export function addUsageCommands(program: Command, kit: CommandKit): void {
  addUsage(program, kit);
  const keys = program
    .command("api-keys")
    .description("virtual keys: bearer tokens with models, rates and budgets of their own");
  addKeyList(keys, kit);
  addKeyCreate(keys, kit);
  addKeyRotate(keys, kit);
  addKeyDelete(keys, kit);
}

const GROUPS = ["model", "provider", "caller", "key", "task_class", "day"] as const;

interface UsageOptions {
  readonly by: (typeof GROUPS)[number];
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

function addUsage(program: Command, kit: CommandKit): void {
  program
    .command("usage")
    .description("calls of models, their tokens, cost and latency (SQL: kb.usage)")
    .addOption(new Option("--by <what>", "group by").choices(GROUPS).default("model"))
    .option("--from <time>", "a date or time, inclusive")
    .option("--to <time>", "a date or time, exclusive")
    .option("-n, --limit <count>", "groups at most", wholeNumber(1, 1000), 20)
    .action(({ by: group_by, ...options }: UsageOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.usage.report({ group_by, ...options });
        const head = ["calls", "cache hits", "errors", "prompt", "completion", "cost", "latency"];
        const names = group_by === "key" && !output.json ? await keyNames(clients) : NO_NAMES;
        output.result(answer, () =>
          table(
            [group_by, ...head, "first token"],
            [...answer.groups, answer.total].map((one) => rowOf(one, names)),
          ),
        );
        const others = answer.groups_total - answer.groups.length;
        if (others > 0) output.note(`${others} more in the last line's total: --limit shows them.`);
        const { passed_on } = answer.total;
        if (passed_on > 0) output.note(`errors passed on to a stand-in: ${passed_on}`);
        if (answer.total.unpriced_calls > 0) {
          output.note("+: calls of models without a price are among them ([usage] prices).");
        }
      }),
    );
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();

/** Names by id; none for whoever may not list the keys, and those that are deleted have none. */
async function keyNames({ usage }: Session["clients"]): Promise<ReadonlyMap<string, string>> {
  try {
    const { keys } = await usage.keys({});
    return new Map(keys.map(({ key_id, name }) => [key_id, name]));
  } catch {
    return NO_NAMES;
  }
}

function rowOf(group: UsageGroup, names: ReadonlyMap<string, string>): unknown[] {
  const first = group.first_token_ms_mean;
  const name = names.get(group.group);
  return [
    name === undefined ? group.group : `${name} (${group.group})`,
    group.calls,
    group.cache_hits,
    group.errors,
    humanCount(group.prompt_tokens),
    humanCount(group.completion_tokens),
    costOf(group),
    humanTime(group.latency_ms_mean),
    first === null ? "" : humanTime(first),
  ];
}

/** A `+` where calls without a known price are among them. */
function costOf({ cost, unpriced_calls }: UsageGroup): string {
  return `${Number(cost.toPrecision(6))}${unpriced_calls > 0 ? "+" : ""}`;
}

function addKeyList(keys: Command, kit: CommandKit): void {
  keys
    .command("list", { isDefault: true })
    .description("the keys and what they have spent")
    .action(() =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.usage.keys({});
        const head = [
          "key id",
          "name",
          "scopes",
          "models",
          "a minute",
          "today",
          "this month",
          "expires",
        ];
        output.result(answer, () =>
          table(
            head,
            answer.keys.map((key) => [
              key.key_id,
              key.name,
              key.scopes.join(","),
              key.models.join(","),
              ratesOf(key),
              spentOf(key, "day"),
              spentOf(key, "month"),
              key.expires_at ?? "",
            ]),
          ),
        );
      }),
    );
}

function ratesOf({ requests_per_minute: requests, tokens_per_minute: tokens }: KeyView): string {
  const rates = [
    ...(requests === null ? [] : [`${humanCount(requests)} requests`]),
    ...(tokens === null ? [] : [`${humanCount(tokens)} tokens`]),
  ];
  return rates.join(", ");
}

/** Cost and tokens of a period, with their limits. */
function spentOf({ spent, budget }: KeyView, period: "day" | "month"): string {
  const of = (limit: number | null) => (limit === null ? "" : ` of ${limit}`);
  const cost = Number(spent[`${period}_cost`].toPrecision(6));
  const tokens = humanCount(spent[`${period}_tokens`]);
  const [cost_of, tokens_of] = [budget[`${period}_cost`], budget[`${period}_tokens`]].map(of);
  return `${cost}${cost_of}, ${tokens} tokens${tokens_of}`;
}

interface CreateOptions {
  readonly scope?: ("read" | "write" | "admin")[];
  readonly model?: string[];
  readonly rpm?: number;
  readonly tpm?: number;
  readonly dayCost?: number;
  readonly dayTokens?: number;
  readonly monthCost?: number;
  readonly monthTokens?: number;
  readonly expires?: string;
  readonly lake?: boolean;
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The time that an option names, in ISO 8601; a date is its first moment, UTC. */
function expiry(text: string): string {
  const [, length, unit = ""] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (length !== undefined) {
    return new Date(systemClock.now() + Number(length) * UNIT_MS[unit]!).toISOString();
  }
  const [, day = ""] = ISO_TIME.exec(text) ?? [];
  const at = Date.parse(text);
  if (isDay(day) && !Number.isNaN(at)) return new Date(at).toISOString();
  throw new InvalidArgumentError("a date, a time or a length is needed: 2027-01-01, 30d, 12h");
}

/** A month of 30 days has no 31st, which is read as the first of the next. */
function isDay(day: string): boolean {
  const at = Date.parse(day);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}

/** A date, or a time with its zone. */
const ISO_TIME = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

const COUNT_MAX = 1_000_000_000_000;

function addKeyCreate(keys: Command, kit: CommandKit): void {
  keys
    .command("create")
    .description("make a key; its secret is shown this once")
    .argument("<name>", "what it is for")
    .option("--scope <scope>", "read, write or admin (repeat; default read and write)", repeated)
    .option("--lake", "all that its scopes allow, not models and embeddings only")
    .option("--model <pattern>", "provider/model it may ask, * is any text (repeat)", repeated)
    .option("--rpm <count>", "requests a minute", wholeNumber(1, COUNT_MAX))
    .option("--tpm <count>", "tokens a minute", wholeNumber(1, COUNT_MAX))
    .option("--day-cost <amount>", "budget of a day", amount)
    .option("--day-tokens <count>", "budget of a day", wholeNumber(1, COUNT_MAX))
    .option("--month-cost <amount>", "budget of a month", amount)
    .option("--month-tokens <count>", "budget of a month", wholeNumber(1, COUNT_MAX))
    .option("--expires <time>", "a date or time, or how long from now: 30d, 12h", expiry)
    .action((name: string, options: CreateOptions) =>
      kit.withHouse(async (session) => {
        const answer = await session.clients.usage.create_key({
          name,
          ...(options.scope === undefined ? {} : { scopes: options.scope }),
          ...(options.model === undefined ? {} : { models: options.model }),
          models_only: options.lake !== true,
          requests_per_minute: options.rpm ?? null,
          tokens_per_minute: options.tpm ?? null,
          budget: {
            day_cost: options.dayCost ?? null,
            day_tokens: options.dayTokens ?? null,
            month_cost: options.monthCost ?? null,
            month_tokens: options.monthTokens ?? null,
          },
          expires_at: options.expires ?? null,
        });
        showSecret(session, answer);
      }),
    );
}

function addKeyRotate(keys: Command, kit: CommandKit): void {
  keys
    .command("rotate")
    .description("a new secret; the old one stays good for a while")
    .argument("<key>", "id or name of the key")
    .option("--grace <seconds>", "how long the old secret is good", wholeNumber(0, 2_592_000), 3600)
    .action((key: string, { grace }: { grace: number }) =>
      kit.withHouse(async (session) => {
        const key_id = await keyIdOf(session, key);
        const answer = await session.clients.usage.rotate_key({ key_id, grace_s: grace });
        showSecret(session, answer);
      }),
    );
}

function addKeyDelete(keys: Command, kit: CommandKit): void {
  keys
    .command("delete")
    .description("end a key at once")
    .argument("<key>", "id or name of the key")
    .action((key: string) =>
      kit.withHouse(async (session) => {
        const key_id = await keyIdOf(session, key);
        const answer = await session.clients.usage.delete_key({ key_id });
        session.output.result(answer, () => `deleted ${key_id}`);
      }),
    );
}

async function keyIdOf({ clients }: Session, id_or_name: string): Promise<string> {
  const { keys } = await clients.usage.keys({});
  const found = keys.find(({ key_id, name }) => key_id === id_or_name || name === id_or_name);
  if (found !== undefined) return found.key_id;
  throw new LakehouseError("not_found", `there is no key "${id_or_name}"`, {
    reason: "no_such_key",
    hint: "lakehouse api-keys list shows them",
  });
}

function showSecret({ output }: Session, answer: { key: KeyView; secret: string }): void {
  output.result(answer, () => `key     ${answer.key.key_id}\nsecret  ${answer.secret}`);
  output.note("The secret is not shown again: only its hash is kept.");
}
