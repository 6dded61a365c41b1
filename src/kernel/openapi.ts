// The API document (OpenAPI 3.1) of a set of contracts.
import { z } from "zod";
import { parseRoute, scopeOf, type Contract, type Operation } from "./contract.ts";
import { inputInQuery } from "./http-form.ts";

type Json = Record<string, unknown>;

/** OpenAPI 3.1 with a path for each public operation and alias, tagged by service. */
export function openApi(contracts: readonly Contract[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const { service, operations } of contracts) {
    for (const [name, operation] of Object.entries(operations)) {
      if (operation.exposure === "process") continue;
      for (const [index, route] of [operation.http, ...(operation.aliases ?? [])].entries()) {
        const { method, path } = parseRoute(route);
        const id = index === 0 ? `${service}.${name}` : `${service}.${name}.${index + 1}`;
        const target = (paths[path.replaceAll("...", "")] ??= {});
        target[method.toLowerCase()] = describe(service, id, operation);
      }
    }
  }
  return {
    openapi: "3.1.0",
    info: { title: "Lakehouse", version, license: { name: "Apache-2.0" } },
    tags: contracts.map(({ service, summary }) => ({ name: service, description: summary })),
    paths,
    components: { schemas: { Problem: PROBLEM }, securitySchemes: { bearer: BEARER } },
    security: [{}, { bearer: [] }],
  };
}

const BEARER = { type: "http", scheme: "bearer" };

const PROBLEM = {
  type: "object",
  required: ["type", "title", "status", "detail", "code", "reason"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string" },
    reason: { type: "string" },
    hint: { type: "string" },
    trace_id: { type: "string" },
    issues: {
      type: "array",
      items: {
        type: "object",
        properties: { path: { type: "string" }, message: { type: "string" } },
      },
    },
  },
};

function describe(service: string, id: string, operation: Operation): Json {
  const { method, params } = parseRoute(operation.http);
  const schema = toSchema(operation.input, "input");
  const properties = (schema["properties"] ?? {}) as Record<string, Json>;
  const required = new Set((schema["required"] ?? []) as string[]);
  const headers = operation.request_headers ?? {};
  const in_query = inputInQuery(operation, method);
  const parameters: Json[] = [];
  const body: Record<string, Json> = {};
  for (const [field, field_schema] of Object.entries(properties)) {
    const is_path = params.includes(field);
    const header = headers[field];
    const at = is_path ? "path" : header !== undefined ? "header" : in_query ? "query" : "body";
    if (at === "body") body[field] = field_schema;
    else {
      const needed = is_path || required.has(field);
      parameters.push({ name: header ?? field, in: at, required: needed, schema: field_schema });
    }
  }
  const needed = [...required].filter((field) => field in body);
  const body_schema = { ...schema, properties: body, required: needed };
  return {
    operationId: id,
    tags: [service],
    summary: operation.summary,
    "x-lakehouse-scope": scopeOf(operation),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...requestBody(operation, in_query, body_schema),
    responses: responses(operation),
  };
}

function requestBody(operation: Operation, in_query: boolean, schema: Json): Json {
  if (operation.request_body === "raw") {
    return { requestBody: { required: true, content: { "application/octet-stream": {} } } };
  }
  if (in_query) return {};
  return { requestBody: { required: true, content: { "application/json": { schema } } } };
}

function responses(operation: Operation): Json {
  const schema = toSchema(operation.output, "output");
  const type = operation.kind === "stream" ? "application/x-ndjson" : "application/json";
  const content = operation.response_body === "raw" ? { "*/*": {} } : { [type]: { schema } };
  const reasons = operation.reasons ?? [];
  const why = reasons.length > 0 ? ` Reasons: ${reasons.join(", ")}.` : "";
  const problem = {
    "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
  };
  return {
    200: { description: operation.kind === "stream" ? "One JSON value a line." : "OK", content },
    default: { description: `A problem (RFC 9457).${why}`, content: problem },
  };
}

/** JSON Schema of one side of a contract. */
export function toSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  void $schema;
  return rest;
}
