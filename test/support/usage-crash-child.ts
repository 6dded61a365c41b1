// Settles calls from many sides at once and makes keys, telling each when it is durable.
import { newId } from "#kernel/ids.ts";
import { LOCAL_PRINCIPAL, startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { createUsage } from "#models/usage/usage-service.ts";
import { usageSettings } from "#models/usage/usage-settings.ts";

const dir = process.argv[2]!;
const needs = { dir, log: silentLog, clock: systemClock };
const service = await createUsage(needs, usageSettings.parse({}));
const tell = (line: string) => void process.stdout.write(`${line}\n`);

const fields = {
  name: newId(),
  scopes: ["read" as const],
  models: ["*"],
  expires_at: null,
  models_only: true,
};
const limits = { requests_per_minute: null, tokens_per_minute: null };
const budget = { day_cost: null, day_tokens: null, month_cost: null, month_tokens: null };
const made = await service.handlers.create_key({ ...fields, ...limits, budget }, startCall());
tell(`key ${made.secret}`);

async function keepCalling(): Promise<never> {
  for (;;) {
    const task_class = newId();
    const admitted = await service.ledger.admit({
      caller: LOCAL_PRINCIPAL,
      operation: "chat",
      provider: "p",
      model: "m",
      stream: false,
      task_class,
      trace_id: "t",
      span_id: "s",
    });
    const end = { usage: undefined, finish_reason: "stop" as const, error: undefined };
    const times = { duration_ms: 1, first_token_ms: 1, cache: "off" as const, retries: 0 };
    await admitted.settle({ provider: "p", model: "m", ...end, ...times });
    tell(`call ${task_class}`);
  }
}
await Promise.all(Array.from({ length: 8 }, keepCalling));
