// An Iceberg REST face over a catalog that answers what a test says.
import assert from "node:assert/strict";
import { catalog } from "#contracts/catalog.ts";
import { LOCAL_PRINCIPAL, NEVER, type Principal, type Scope } from "#kernel/call.ts";
import { fixedClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Handlers } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { createIcebergFace, type IcebergNeeds } from "./iceberg-face.ts";

type Answers = { [N in keyof Handlers<typeof catalog>]?: (input: never) => unknown };

export const LONG_ID = "8423765872645376253";
const METADATA = {
  "table-uuid": "u-1",
  "current-snapshot-id": LONG_ID,
  snapshots: [
    { "snapshot-id": "3051729675574597004", summary: { operation: "append" } },
    { "snapshot-id": LONG_ID, summary: { operation: "append", "added-records": "12" } },
  ],
  refs: { main: { "snapshot-id": LONG_ID, type: "branch" } },
  properties: { "some.snapshot-id": "12" },
};
export const TABLE = {
  metadata_location: "s3://lake/t/metadata/v3.metadata.json",
  metadata: METADATA,
};
const NAMESPACES = ["default", "sales", "ops", "hr"].map((namespace) => ({
  namespace,
  properties: { owner: "me" },
}));

/** A face over a catalog that answers just these; what it was asked stands in `asked`. */
export function face(answers: Answers = {}, needs: Partial<IcebergNeeds> = {}) {
  const asked: [name: string, input: unknown][] = [];
  const known: Answers = { namespaces: () => ({ namespaces: NAMESPACES }), ...answers };
  const handlers = Object.fromEntries(
    Object.keys(catalog.operations).map((name) => [
      name,
      async (input: unknown) => {
        asked.push([name, input]);
        const answer = known[name as keyof Answers] as ((input: unknown) => unknown) | undefined;
        if (answer === undefined) throw new Error(`nobody said what ${name} answers`);
        return answer(input);
      },
    ]),
  ) as unknown as Handlers<typeof catalog>;
  const clock = fixedClock(1_700_000_000_000);
  const client = connectLocal(catalog, handlers, { strict: true });
  const made = createIcebergFace({ catalog: client, clock, ...needs });
  async function send(method: string, path: string, options: SendOptions = {}) {
    const url = new URL(`http://lake.test:3110/iceberg/v1/${path}`);
    const { body, headers = {}, principal = LOCAL_PRINCIPAL } = options;
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const init = { method, headers, ...(text === undefined ? {} : { body: text }) };
    const request = new Request(url, init);
    assert.equal(made.handles(request, url), true);
    const authenticate = (scope: Scope) => allowed(principal, scope);
    const answer = await made.handle({
      request,
      url,
      trace_id: "t-1",
      signal: NEVER,
      authenticate,
    });
    const sent = await answer.text();
    return { status: answer.status, headers: answer.headers, text: sent, json: jsonOf(sent) };
  }
  return { send, asked, clock };
}

interface SendOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly principal?: Principal | null;
}

function allowed(principal: Principal | null, scope: Scope): Principal {
  if (principal === null) throw new LakehouseError("unauthenticated", "a bearer token is needed");
  if (principal.scopes.includes(scope)) return principal;
  throw new LakehouseError("forbidden", `lacks the scope ${scope}`);
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers of many shapes, looked into
function jsonOf(text: string): any {
  return text.startsWith("{") ? JSON.parse(text) : undefined;
}

export function refuses(code: ConstructorParameters<typeof LakehouseError>[0], reason: string) {
  return () => {
    throw new LakehouseError(code, "no", { reason });
  };
}

export const READER: Principal = { name: "reader", scopes: ["read"] };
export const vend = (principal: Principal, expires_ms: number) => ({
  access_key_id: `key-of-${principal.name}`,
  secret_access_key: `secret-${expires_ms}`,
});
