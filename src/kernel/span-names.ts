// Names of span attributes in one place: OpenTelemetry's GenAI conventions still move.
// Source: OpenTelemetry semantic conventions, "Generative AI client spans" and "rpc", "error".

export const GEN_AI = {
  operation_name: "gen_ai.operation.name",
  /** Was gen_ai.system. */
  provider_name: "gen_ai.provider.name",
  request_model: "gen_ai.request.model",
  request_max_tokens: "gen_ai.request.max_tokens",
  request_stream: "gen_ai.request.stream",
  response_model: "gen_ai.response.model",
  response_finish_reasons: "gen_ai.response.finish_reasons",
  /** In seconds. */
  response_first_chunk_s: "gen_ai.response.time_to_first_chunk",
  usage_input_tokens: "gen_ai.usage.input_tokens",
  usage_output_tokens: "gen_ai.usage.output_tokens",
  /** Of metrics: input or output. */
  token_type: "gen_ai.token.type",
  conversation_id: "gen_ai.conversation.id",
} as const;

/** Events that are calls of models: their spans stand below that of the contract call. */
export const MODEL_CALL = {
  chat: { source: "chat", endpoint: "chat.model" },
  embeddings: { source: "embed", endpoint: "embed.model" },
  rerank: { source: "embed", endpoint: "rerank.model" },
} as const;

const MODEL_ENDPOINTS: ReadonlySet<string | undefined> = new Set(
  Object.values(MODEL_CALL).map(({ endpoint }) => endpoint),
);

export function isModelCall(event: { readonly endpoint?: string | undefined }): boolean {
  return MODEL_ENDPOINTS.has(event.endpoint);
}

export const SPAN = {
  /** What Langfuse groups traces by. */
  session_id: "session.id",
  user_id: "user.id",
  error_type: "error.type",
  service_name: "service.name",
  service_version: "service.version",
} as const;

/** What only this house knows. */
export const OWN = {
  trace_id: "lakehouse.trace_id",
  operation: "lakehouse.operation",
  operation_kind: "lakehouse.operation.kind",
  principal: "lakehouse.principal",
  task_class: "lakehouse.task_class",
  verdict: "lakehouse.verdict",
  iteration: "lakehouse.iteration",
  /** In no convention, but what Langfuse and others read; in the currency of the price table. */
  cost: "gen_ai.usage.cost",
  cache: "lakehouse.cache",
  retries: "lakehouse.retries",
} as const;
