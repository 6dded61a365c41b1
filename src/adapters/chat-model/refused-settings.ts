// Asks again without a setting that the model refuses, and says so.
import type { HttpResponse } from "#kernel/http-client.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { ChatRequest } from "#ports/chat-model.ts";

/** A note to whoever runs the house, and to the caller. */
export type NoteSink = (note: string, fields: Readonly<Record<string, unknown>>) => void;

const REMEMBERED_MAX = 1_000;
const NONE: string[] = [];

export interface ForgivingAnswer {
  readonly response: HttpResponse;
  readonly notes: string[];
}

export type ForgivingAsk = (
  request: ChatRequest,
  ask: (request: ChatRequest) => Promise<HttpResponse>,
) => Promise<ForgivingAnswer>;

/**
 * One more attempt without `temperature` where the provider answers 400 or 422 with a message that
 * names it. Which model refused which value is remembered, so that it costs one request once.
 */
export function createForgivingAsk(provider: string, note: NoteSink | undefined): ForgivingAsk {
  const refused = new Set<string>();
  return async (request, ask) => {
    const { temperature, model } = request;
    if (temperature === undefined) return { response: await ask(request), notes: NONE };
    const key = `${model}\n${temperature}`;
    const without = { ...request, temperature: undefined };
    const text = `${provider}/${model} does not take temperature ${temperature}: left out`;
    if (refused.has(key)) return { response: await ask(without), notes: [text] };
    try {
      return { response: await ask(request), notes: [] };
    } catch (error) {
      if (!namesTemperature(error)) throw error;
      const response = await ask(without);
      // Only now is it known that the temperature was what was wrong.
      if (refused.size >= REMEMBERED_MAX) refused.clear();
      refused.add(key);
      note?.(text, { provider, model, temperature });
      return { response, notes: [text] };
    }
  };
}

function namesTemperature(error: unknown): boolean {
  if (!(error instanceof LakehouseError)) return false;
  const status = error.extra["provider_status"];
  return (status === 400 || status === 422) && /\btemperature\b/i.test(error.message);
}
