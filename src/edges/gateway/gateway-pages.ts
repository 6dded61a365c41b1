// The gateway's own paths as they stand in the API document, beside those of the contracts.

const text = { type: "string" };

function page(id: string, summary: string, properties: object) {
  const schema = { type: "object", properties, required: Object.keys(properties) };
  return {
    operationId: `gateway.${id}`,
    tags: ["gateway"],
    summary,
    responses: {
      200: { description: "OK", content: { "application/json": { schema } } },
      default: {
        description: "A problem (RFC 9457).",
        content: {
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
        },
      },
    },
  };
}

const status = { enum: ["ok", "degraded", "down"] };
const service = {
  type: "object",
  properties: { status, figures: { type: "object" } },
  required: ["status", "figures"],
};
const services = { type: "object", additionalProperties: service };

const health = page("health", "How each service fares; open to everybody.", {
  status,
  version: text,
  instance: { ...text, description: "names this run of the server" },
  services,
});
const down = { description: "A service is down.", content: health.responses[200].content };

const metrics = page("metrics", "What was done and how it fares, for Prometheus.", {});
const text_format = {
  description: "The text format 0.0.4; the budgets of virtual keys with the scope admin only.",
  content: { "text/plain": { schema: text } },
};

export const GATEWAY_PAGES = {
  "/": {
    get: {
      ...page("index", "What is served here.", {
        name: text,
        version: text,
        services: { type: "array", items: text },
        links: { type: "object" },
      }),
      "x-lakehouse-scope": "read",
    },
  },
  "/health": { get: { ...health, responses: { ...health.responses, 503: down }, security: [] } },
  "/metrics": {
    get: {
      ...metrics,
      responses: { ...metrics.responses, 200: text_format },
      "x-lakehouse-scope": "read",
    },
  },
  "/openapi.json": {
    get: { ...page("openapi", "This document.", { openapi: text }), "x-lakehouse-scope": "read" },
  },
};
