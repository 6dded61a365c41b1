// The observe service for tests, on a log in a folder, with a client in the same process.
import { observe } from "#contracts/observe.ts";
import { systemClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog, type Log } from "#kernel/log.ts";
import { createObserve } from "./observe-service.ts";
import { observeSettings } from "./observe-settings.ts";

export async function openObserve(dir: string, settings: object = {}, log: Log = silentLog) {
  const needs = { dir, log, clock: systemClock };
  const service = await createObserve(needs, observeSettings.parse(settings));
  return { service, client: connectLocal(observe, service.handlers, { strict: true }) };
}
