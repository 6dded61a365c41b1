// Journals the mutations of services that keep no events of their own: indexes, memory, deletes.
import type { Clients, ServiceName } from "#contracts/all-contracts.ts";
import type { Call } from "#kernel/call.ts";
import type { Contract, Handlers } from "#kernel/contract.ts";
import type { Log } from "#kernel/log.ts";

/** Operations that change something and are not journalled where they stand. */
const JOURNALLED: Partial<Record<ServiceName, readonly string[]>> = {
  storage: ["remove"],
  vector: ["create", "upsert", "remove", "rebuild", "drop"],
  pathway: ["add", "bulk", "update", "revise", "retire", "outcome", "import", "compact"],
  playbook: ["record", "bulk", "retire", "contradict", "outcome", "forget_scope"],
  matrix: ["drop"],
  usage: ["create_key", "rotate_key", "delete_key"],
};

const NAMED_BY = [
  "index",
  "corpus",
  "playbook_id",
  "pathway_id",
  "key",
  "scope",
  "key_id",
  "name",
] as const;

/** What an answer calls something that it made, itself or in a part such as `key`. */
const MADE: readonly string[] = ["key_id", "playbook_id", "pathway_id"];

type Handler = (input: Record<string, unknown>, call: Call) => Promise<unknown>;

/**
 * The same handlers; an operation of the list answers when its event stands in the journal too.
 * A mutation that stands is never turned into an error: an event that cannot be written is logged
 * and counted by `missed`.
 */
export function journalled<C extends Contract>(
  service: ServiceName,
  handlers: Handlers<C>,
  journal: () => Clients["journal"],
  missed: () => void,
  log: Log,
): Handlers<C> {
  const wrapped: Record<string, unknown> = { ...handlers };
  for (const operation of JOURNALLED[service] ?? []) {
    const handler = wrapped[operation] as Handler;
    wrapped[operation] = async (input: Record<string, unknown>, call: Call) => {
      const answer = await handler(input, call);
      const name = NAMED_BY.find((field) => typeof input[field] === "string");
      const subject = name === undefined ? service : `${name}:${String(input[name] as string)}`;
      const count = (input["items"] ?? input["ids"] ?? input["entries"]) as unknown[] | undefined;
      const details = {
        ...(count === undefined ? {} : { count: count.length }),
        ...madeIn(answer),
      };
      try {
        await journal().append({ action: `${service}.${operation}`, subject, details }, call);
      } catch (error) {
        missed();
        log.error({ err: error, service, operation }, "a mutation could not be journalled");
      }
      return answer;
    };
  }
  return wrapped as unknown as Handlers<C>;
}

/** The ids that an answer names, for what was asked under another name. */
function madeIn(answer: unknown): Record<string, string> {
  if (typeof answer !== "object" || answer === null) return {};
  const isPart = (value: unknown) => typeof value === "object" && !Array.isArray(value);
  const parts = Object.values(answer).filter(isPart) as (object | null)[];
  const fields = [answer, ...parts].flatMap((part) => Object.entries(part ?? {}));
  const named = fields.filter(([field, id]) => MADE.includes(field) && typeof id === "string");
  return Object.fromEntries(named) as Record<string, string>;
}
