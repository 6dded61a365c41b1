// Who asks over HTTP: handed through the SDK beside the request; absent on stdio.
import type { AuthInfo, ServerContext } from "@modelcontextprotocol/server";
import type { Principal } from "#kernel/call.ts";
import type { TraceOrigin } from "#kernel/trace-context.ts";

export interface McpCaller {
  /** Absent on stdio: the owner of the process. */
  readonly principal?: Principal | undefined;
  readonly trace_id?: string | undefined;
  readonly origin?: TraceOrigin | undefined;
}

/** As the SDK carries it. The token itself stays at the gateway. */
export function authInfoOf(caller: McpCaller & { readonly principal: Principal }): AuthInfo {
  const { name, scopes, key_id } = caller.principal;
  // Keys and tokens may have the same name.
  const clientId = key_id === undefined ? name : `key ${key_id}`;
  return { token: "", clientId, scopes: [...scopes], extra: { caller } };
}

export function callerOf(context: ServerContext): McpCaller {
  return (context.http?.authInfo?.extra?.["caller"] ?? {}) as McpCaller;
}
