// The one file that programs outside may import: a typed client of a running house.
import { ALL_CONTRACTS, type Clients } from "#contracts/all-contracts.ts";
import { connectHttp } from "#kernel/connect-http.ts";

export { LakehouseError } from "#kernel/problem.ts";
export { startCall, type Call } from "#kernel/call.ts";
export type { Clients } from "#contracts/all-contracts.ts";

export interface ConnectOptions {
  /** Address of a gateway, e.g. http://127.0.0.1:3110 */
  readonly url: string;
  readonly token?: string | undefined;
}

/** A client of every service behind a gateway; nothing is sent before the first call. */
export function connectHouse(options: ConnectOptions): Clients {
  const clients: Record<string, unknown> = {};
  for (const [name, contract] of Object.entries(ALL_CONTRACTS)) {
    clients[name] = connectHttp(contract, options).client;
  }
  return clients as unknown as Clients;
}
