// The API document (OpenAPI 3.1) of a set of contracts.
import { z } from "zod";
import { parseRoute, scopeOf, type Contract, type HttpRoute, type Operation } from "./contract.ts";
import { inputInQuery, NDJSON_TYPE } from "./http-form.ts";

type Json = Record<string, unknown>;

/**
 * OpenAPI 3.1 with a path for each public operation and alias, tagged by service; `pages`: the
 * paths beside them, as they stand in the document.
 */
export function openApi(
  contracts: readonly Contract[],
  version: string,
  pages: Readonly<Record<string, Json>> = {},
): Json {
  const paths: Record<string, Json> = { ...pages };
  const shared = sharedSchemas();
  for (const { service, operations } of contracts) {
    for (const [name, operation] of Object.entries(operations)) {
      if (operation.exposure === "process") continue;
      for (const [index, route] of [operation.http, ...(operation.aliases ?? [])].entries()) {
        const { method, path } = parseRoute(route);
        const id = index === 0 ? `${service}.${name}` : `${service}.${name}.${index + 1}`;
        const target = (paths[path.replaceAll("...", "")] ??= {});
        target[method.toLowerCase()] = describe(service, id, operation, route, shared.hoist);
      }
    }
  }
  return {
    openapi: "3.1.0",
    info: { title: "Lakehouse", version, license: { name: "Apache-2.0" } },
    tags: contracts.map(({ service, summary }) => ({ name: service, description: summary })),
    paths,
    components: {
      schemas: { Problem: PROBLEM, ...shared.schemas },
      securitySchemes: { bearer: BEARER },
    },
    security: [{}, { bearer: [] }],
  };
}

/** A schema of the whole body could not say more: OpenAPI 3.1 knows no schema for each line. */
const LINES = "One JSON value (x-lakehouse-item) a line; a last line with $problem is an error.";

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

type Hoist = (schema: Json) => Json;

/**
 * Definitions of schemas (`$defs`) stand in the document's components: a reference within a
 * document is resolved from its root (JSON Schema 2020-12 §8.2.3.1, OpenAPI 3.1 §4.8.24). Equal
 * ones stand there once.
 */
function sharedSchemas(): { schemas: Record<string, Json>; hoist: Hoist } {
  const schemas: Record<string, Json> = {};
  const names = new Map<string, string>();

  function hoist(schema: Json): Json {
    const { $defs, ...rest } = schema;
    if ($defs === undefined) return rest;
    const renamed = new Map<string, string>();
    const together = JSON.stringify($defs);
    for (const name of Object.keys($defs as Record<string, Json>)) {
      // Definitions may refer to each other: equal are those of equal company.
      const key = `${name} ${together}`;
      if (!names.has(key)) names.set(key, `Shared${names.size + 1}`);
      renamed.set(`#/$defs/${name}`, names.get(key)!);
    }
    const moved = (value: unknown): unknown => withReferences(value, renamed);
    for (const [name, definition] of Object.entries($defs as Record<string, Json>)) {
      schemas[renamed.get(`#/$defs/${name}`)!] = moved(definition) as Json;
    }
    return moved(rest) as Json;
  }

  return { schemas, hoist };
}

function withReferences(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => withReferences(one, renamed));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const to = key === "$ref" ? renamed.get(String(inner)) : undefined;
      if (to !== undefined) return [key, `#/components/schemas/${to}`];
      return [key, withReferences(inner, renamed)];
    }),
  );
}

function describe(
  service: string,
  id: string,
  operation: Operation,
  route: HttpRoute,
  hoist: Hoist,
): Json {
  const { method, params } = parseRoute(route);
  const schema = hoist(toSchema(operation.input, "input"));
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
    // A parameter of that name shall be ignored (OpenAPI 3.1 §4.8.12.1): the body's type says it.
    else if (header?.toLowerCase() !== "content-type") {
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
    responses: responses(operation, hoist),
  };
}

function requestBody(operation: Operation, in_query: boolean, schema: Json): Json {
  if (operation.request_body === "raw") {
    // Bytes of any type: where it matters, the operation keeps what Content-Type said.
    return { requestBody: { required: true, content: { "*/*": {} } } };
  }
  if (in_query) return {};
  return { requestBody: { required: true, content: { "application/json": { schema } } } };
}

function responses(operation: Operation, hoist: Hoist): Json {
  const schema = hoist(toSchema(operation.output, "output"));
  const content =
    operation.response_body === "raw"
      ? { "*/*": {} }
      : operation.kind === "stream"
        ? {
            [NDJSON_TYPE]: { schema: { type: "string" }, "x-lakehouse-item": schema },
            "text/event-stream": { schema: { type: "string" } },
          }
        : { "application/json": { schema } };
  const reasons = operation.reasons ?? [];
  const why = reasons.length > 0 ? ` Reasons: ${reasons.join(", ")}.` : "";
  const problem = {
    "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
  };
  return {
    200: { description: operation.kind === "stream" ? LINES : "OK", content },
    default: { description: `A problem (RFC 9457).${why}`, content: problem },
  };
}

/** JSON Schema of one side of a contract. */
export function toSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  void $schema;
  return rest;
}
