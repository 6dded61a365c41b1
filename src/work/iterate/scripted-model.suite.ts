// For tests: a model server on loopback that says what a script says, in OpenAI's protocol. It is
// as strict as the strictest: no turn is empty, and the two sides take turns.
import { createServer } from "node:http";
import type { ChatMessage, FinishReason } from "#contracts/nouns.ts";
import type { HasAfter } from "../../../test/support/temp-dir.ts";
import { listening } from "../../../test/support/listening.ts";

export interface AskedCompletion {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly response_format?: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  readonly logprobs?: boolean;
  readonly max_tokens?: number;
}

/** What is answered: words, words that never end (`hangs`), or an error of the server. */
export type ScriptedAnswer =
  | {
      readonly content: string;
      readonly finish_reason?: FinishReason;
      readonly after_ms?: number;
      /** Of the first token: the likelihoods of the words that it could have been. */
      readonly likely?: Readonly<Record<string, number>>;
    }
  | { readonly hangs: true }
  | { readonly status: number; readonly message: string };

export interface ScriptedModel {
  /** With /v1. */
  readonly base_url: string;
  readonly asked: readonly AskedCompletion[];
  /** Requests whose client left before the answer. */
  readonly left: () => number;
}

/** `answer` is asked for each request with its number, from 0. */
export async function startScriptedModel(
  t: HasAfter,
  answer: (asked: AskedCompletion, number: number) => ScriptedAnswer,
): Promise<ScriptedModel> {
  const asked: AskedCompletion[] = [];
  let left = 0;
  const server = createServer((request, response) => {
    if (request.method === "GET") {
      response.writeHead(404).end();
      return;
    }
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as AskedCompletion;
      asked.push(body);
      const said = faultOf(body.messages) ?? answer(body, asked.length - 1);
      response.on("close", () => {
        if (!response.writableFinished) left++;
      });
      if ("hangs" in said) return;
      const status = "status" in said ? said.status : 200;
      response.writeHead(status, { "content-type": "application/json" });
      const send = () => response.end(JSON.stringify(documentOf(body, said)));
      if ("after_ms" in said) setTimeout(send, said.after_ms);
      else send();
    });
  });
  const port = await listening(t, server);
  return { base_url: `http://127.0.0.1:${port}/v1`, asked, left: () => left };
}

function faultOf(messages: readonly ChatMessage[]): ScriptedAnswer | undefined {
  const at = messages.findIndex(({ role, content }, index) => {
    return String(content).trim() === "" || messages[index - 1]?.role === role;
  });
  const message = `message at position ${at} must not be empty, nor follow one of its own side`;
  return at < 0 ? undefined : { status: 400, message };
}

function documentOf(
  body: AskedCompletion,
  said: Exclude<ScriptedAnswer, { hangs: true }>,
): Record<string, unknown> {
  if ("status" in said) return { error: { message: said.message, type: "invalid_request_error" } };
  const { content, finish_reason = "stop", likely } = said;
  const message = { role: "assistant", content };
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 0,
    model: body.model,
    choices: [{ index: 0, message, ...likelihoods(content, likely), finish_reason }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  };
}

function likelihoods(token: string, likely: Readonly<Record<string, number>> | undefined): object {
  if (likely === undefined) return {};
  const words = Object.entries(likely);
  const top_logprobs = words.map(([word, p]) => ({ token: word, logprob: Math.log(p) }));
  return { logprobs: { content: [{ token, logprob: Math.log(likely[token]!), top_logprobs }] } };
}
