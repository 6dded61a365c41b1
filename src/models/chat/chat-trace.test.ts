// Below which span a provider hangs its own: that of asking it, where there is one.
import { test } from "node:test";
import assert from "node:assert/strict";
import { startCall } from "#kernel/call.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { hexTraceId } from "#kernel/trace-context.ts";
import type { CallLedger } from "#ports/call-ledger.ts";
import type { ChatProvider, ChatRequest } from "#ports/chat-model.ts";
import { createChat } from "./chat-service.ts";
import { chatSettings } from "./chat-settings.ts";

const OF_CALL = "00f067aa0ba902b7";
const OF_ASKING = "53995c3f42cd8ad8";

function ledgerWith(span_id: string | undefined): CallLedger {
  const admitted = { covers: () => true, lost: async () => {}, settle: async () => {} };
  return {
    admit: async () => (span_id === undefined ? admitted : { ...admitted, span_id }),
    costOf: () => null,
  };
}

async function headersWith(ledger: CallLedger | undefined, call_span: string) {
  const asked: ChatRequest[] = [];
  const provider: ChatProvider = {
    name: "up",
    kind: "model",
    async *chat(request) {
      asked.push(request);
      yield { content: "ok", finish_reason: "stop" };
    },
    models: async () => [],
  };
  const needs = { providers: [provider], tiers: {}, ledger, log: silentLog, clock: systemClock };
  const { handlers } = await createChat(needs, chatSettings.parse({}));
  const call = startCall({ span_id: call_span, tracestate: "vendor=1" });
  const input = { model: "up/m", messages: [{ role: "user" as const, content: "hi" }] };
  await handlers.chat(input, call);
  const { traceparent, tracestate } = asked[0]!.trace_headers!;
  const trace = hexTraceId(call.trace_id);
  return { span: traceparent?.replace(`00-${trace}-`, "").replace(/-01$/, ""), tracestate };
}

test("a provider hears of the span of asking it, else of its caller's, else of none", async () => {
  const passed = { tracestate: "vendor=1" };
  for (const above of [OF_CALL, ""]) {
    const found = await headersWith(ledgerWith(OF_ASKING), above);
    assert.deepEqual(found, { span: OF_ASKING, ...passed });
  }
  for (const ledger of [ledgerWith(undefined), undefined]) {
    assert.deepEqual(await headersWith(ledger, OF_CALL), { span: OF_CALL, ...passed });
    assert.equal((await headersWith(ledger, "")).span, undefined);
  }
});
