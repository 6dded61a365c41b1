// What clients ask first: the catalog's configuration, and a token for their credentials.
import { formBody, jsonAnswer } from "./iceberg-request.ts";
import type { Asked, IcebergNeeds } from "./iceberg-route.ts";
import { doorConfig } from "./table-access.ts";

/**
 * `defaults` tell where data is and to ask for keys (Java clients take `header.…` properties as
 * headers of every request); a client's own settings go before them.
 */
export function configAnswer(asked: Asked, endpoints: readonly string[]): Response {
  const delegation =
    asked.needs.vend === undefined
      ? {}
      : { "header.X-Iceberg-Access-Delegation": "vended-credentials" };
  return jsonAnswer({
    defaults: { ...doorConfig(asked), ...delegation },
    overrides: {},
    endpoints,
  });
}

const TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";
const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

/**
 * A token for a client's secret (RFC 6749 §4.4) or for a token it has (RFC 8693): tokens of this
 * server are the secrets themselves, so the answer is the same one back, if it is one. Errors have
 * OAuth's shape (RFC 6749 §5.2).
 */
export async function tokenAnswer(request: Request, needs: IcebergNeeds): Promise<Response> {
  const form = await formBody(request);
  if (needs.holderOf === undefined) {
    return oauthError(400, "unsupported_grant_type", "auth is off here: no token is needed");
  }
  const grant = form.get("grant_type");
  if (grant !== "client_credentials" && grant !== TOKEN_EXCHANGE) {
    const known = `grant_type is client_credentials or ${TOKEN_EXCHANGE}`;
    return oauthError(400, "unsupported_grant_type", known);
  }
  const secret =
    grant === TOKEN_EXCHANGE
      ? form.get("subject_token")
      : (form.get("client_secret") ?? basicPassword(request));
  if (secret === null || secret === "") {
    return oauthError(400, "invalid_request", "client_secret must be one of this server's tokens");
  }
  if (needs.holderOf(secret) === undefined) {
    return oauthError(401, "invalid_client", "client_secret is none of this server's tokens");
  }
  const answer = { access_token: secret, token_type: "bearer", issued_token_type: TOKEN_TYPE };
  return jsonAnswer(answer, { "cache-control": "no-store" });
}

function basicPassword(request: Request): string | null {
  const given = /^Basic (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given === undefined) return null;
  const text = Buffer.from(given, "base64").toString("utf8");
  return text.includes(":") ? text.slice(text.indexOf(":") + 1) : null;
}

function oauthError(status: number, error: string, error_description: string): Response {
  // RFC 6749, section 5.2.
  const headers = status === 401 ? { "www-authenticate": "Basic" } : {};
  return Response.json({ error, error_description }, { status, headers });
}
