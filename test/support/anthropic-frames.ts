// What a server that speaks Anthropic's Messages API sends, for the loopback model servers.
import type { ServerMode } from "./model-servers.ts";

type Asked = Readonly<Record<string, unknown>>;

/** Events as the API reference writes them, pings included; 11 prompt and 7 completion tokens. */
export function anthropicFrames(
  mode: ServerMode,
  request: Asked,
  pieces: readonly string[],
): string[] {
  const end = mode === "half_lines" ? "\r\n" : "\n";
  const event = (type: string, rest: object) =>
    `event: ${type}${end}data: ${JSON.stringify({ type, ...rest })}${end}${end}`;
  const text = (value: string) =>
    event("content_block_delta", { index: 0, delta: { type: "text_delta", text: value } });
  const start = event("message_start", { message: messageStart(request) });
  const begin = event("content_block_start", {
    index: 0,
    content_block: { type: "text", text: "" },
  });
  if (mode === "huge") return [start, begin, text("x".repeat(9 * 1024 * 1024))];
  const first = start + begin + event("ping", {});
  const deltas = pieces.map((piece, at) => (at === 0 ? first + text(piece) : text(piece)));
  if (mode === "not_json") deltas.splice(1, 0, `event: content_block_delta\ndata: {not json\n\n`);
  if (mode === "error_inside") {
    const error = { type: "overloaded_error", message: "the runner has crashed" };
    deltas.splice(1, 0, event("error", { error }));
  }
  const name = toolAskedFor(mode, request);
  if (name !== undefined) deltas.splice(0, deltas.length, start, ...toolEvents(event, name));
  const stop_reason =
    mode === "length" ? "max_tokens" : name !== undefined ? "tool_use" : "end_turn";
  return [
    ...deltas,
    event("content_block_stop", { index: 0 }),
    event("message_delta", {
      delta: { stop_reason, stop_sequence: null },
      usage: { output_tokens: 7 },
    }),
    event("message_stop", {}),
  ];
}

/** The tool the request makes the model call, or `lookup` in mode "tools". */
function toolAskedFor(mode: ServerMode, request: Asked): string | undefined {
  const choice = request["tool_choice"] as { type?: string; name?: string } | undefined;
  if (choice?.type === "tool") return choice.name;
  return mode === "tools" ? "lookup" : undefined;
}

function toolEvents(event: (type: string, rest: object) => string, name: string): string[] {
  const block = { type: "tool_use", id: "toolu_1", name, input: {} };
  const piece = (partial_json: string) =>
    event("content_block_delta", { index: 0, delta: { type: "input_json_delta", partial_json } });
  return [
    event("content_block_start", { index: 0, content_block: block }),
    piece(""),
    piece('{"city":'),
    piece('"Zürich"}'),
  ];
}

export function anthropicMessage(request: Asked, text: string): object {
  return {
    ...messageStart(request),
    content: [{ type: "text", text }],
    stop_reason: "end_turn",
    usage: { input_tokens: 11, output_tokens: 7 },
  };
}

function messageStart(request: Asked) {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: request["model"],
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: 4,
      cache_creation_input_tokens: 2,
      cache_read_input_tokens: 5,
      cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 1 },
      output_tokens: 1,
    },
  };
}
