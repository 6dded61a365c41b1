// The requests of one MCP session that run: whoever waits for one learns how it ended.
import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResponse,
  type JSONRPCMessage,
  type RequestId,
  type WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";

/** Of JSON-RPC's range for servers: the request was not carried to its end. */
const NOT_DONE = -32000;

export interface SessionRequests {
  count(): number;
  isRunning(id: RequestId): boolean;
  /** Answers each with an error. */
  endAll(why: string): Promise<void>;
}

/**
 * Watches a transport that is connected. A request that its client cancels gets no answer any more
 * (as MCP has it), so its stream is closed here: the transport would hold it as long as the session
 * lasts. `onSettled`: one more is over.
 */
export function watchRequests(
  transport: WebStandardStreamableHTTPServerTransport,
  onSettled: () => void,
): SessionRequests {
  /** By id, each with the POST it came in: in a batch it shares a stream with others. */
  const running = new Map<RequestId, unknown>();
  const deliver = transport.onmessage;
  const send = transport.send.bind(transport);

  transport.onmessage = (message, extra) => {
    if (isJSONRPCRequest(message)) running.set(message.id, extra?.request);
    deliver?.(message, extra);
    const cancelled = cancelledBy(message);
    // All messages of a POST are delivered in one turn, and the server hears of this one after it:
    // those to come may share its stream, or be what is cancelled.
    if (cancelled !== undefined) queueMicrotask(() => giveUp(cancelled));
  };
  transport.send = async (message, options) => {
    if (isJSONRPCResponse(message) && message.id !== undefined) settle(message.id);
    return send(message, options);
  };

  function settle(id: RequestId): boolean {
    const was = running.delete(id);
    if (was) onSettled();
    return was;
  }

  function giveUp(id: RequestId): void {
    const post = running.get(id);
    if (!settle(id)) return;
    if (![...running.values()].includes(post)) transport.closeSSEStream(id);
    // Nobody reads it on a closed stream; the transport forgets a request with its answer.
    void refuse(id, "the request was cancelled");
  }

  async function refuse(id: RequestId, message: string): Promise<void> {
    settle(id);
    const error = { code: NOT_DONE, message };
    // A client that has left reads nothing.
    await send({ jsonrpc: "2.0", id, error }).catch(() => undefined);
  }

  return {
    count: () => running.size,
    isRunning: (id) => running.has(id),
    async endAll(why) {
      await Promise.all([...running.keys()].map((id) => refuse(id, why)));
    },
  };
}

function cancelledBy(message: JSONRPCMessage): RequestId | undefined {
  if (!isJSONRPCNotification(message) || message.method !== "notifications/cancelled") return;
  const id = message.params?.["requestId"];
  return typeof id === "string" || typeof id === "number" ? id : undefined;
}
