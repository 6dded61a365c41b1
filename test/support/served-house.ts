// A whole house in this process behind its gateway on loopback, guarded by tokens of every scope.
import { serveHouse, type Serving } from "#app/serve.ts";
import { loadSettings } from "#app/settings.ts";
import { connectHouse } from "#client.ts";
import type { Clients } from "#contracts/all-contracts.ts";
import { silentLog } from "#kernel/log.ts";
import type { HasAfter } from "./temp-dir.ts";

/** Secrets by name of the token; each has the scope of its name, `owner` has admin. */
export const SECRETS = {
  reader: "reader-secret-0123456789",
  writer: "writer-secret-0123456789",
  owner: "owner-secret-0123456789",
} as const;

const SCOPES = { reader: "read", writer: "write", owner: "admin" } as const;

export interface ServedHouse {
  readonly url: string;
  /** As the owner. */
  readonly clients: Clients;
  readonly serving: Serving;
}

/** Nothing outside is asked: no provider but the built-in one is registered. */
export async function serveGuardedHouse(t: HasAfter, data_dir: string): Promise<ServedHouse> {
  const names = Object.keys(SECRETS) as (keyof typeof SECRETS)[];
  const variables = Object.fromEntries(names.map((name) => [`TEST_${name}`, SECRETS[name]]));
  const tokens = names.map((name) => ({ name, token: `env:TEST_${name}`, scopes: [SCOPES[name]] }));
  const settings = await loadSettings({
    variables: {
      ...variables,
      LAKEHOUSE_GATEWAY_PORT: "0",
      LAKEHOUSE_PROVIDERS_OLLAMA: "",
      LAKEHOUSE_AUTH_TOKENS: JSON.stringify(tokens),
    },
    overrides: { data_dir, domains: ["bookshop"] },
  });
  const serving = await serveHouse({
    settings,
    variables,
    log: silentLog,
    version: "0.0.0",
    gateway: true,
  });
  t.after(() => serving.stop());
  const clients = connectHouse({ url: serving.url, token: SECRETS.owner });
  return { url: serving.url, clients, serving };
}
