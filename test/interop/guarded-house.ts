// A house with auth on: a token that writes and one that only reads.
import { connectHouse } from "#client.ts";
import type { Clients } from "#contracts/all-contracts.ts";
import { startHouse } from "../support/running-house.ts";

export const WRITER = "writer-secret-0123456789";
export const READER = "reader-secret-0123456789";

export interface GuardedHouse {
  readonly url: string;
  /** As the writer. */
  readonly clients: Clients;
  stop(): Promise<void>;
}

export async function startGuardedHouse(data_dir: string): Promise<GuardedHouse> {
  const tokens = [
    { name: "writer", token: "env:TEST_WRITER_TOKEN", scopes: ["read", "write"] },
    { name: "reader", token: "env:TEST_READER_TOKEN", scopes: ["read"] },
  ];
  const house = await startHouse(data_dir, "one process", {
    LAKEHOUSE_AUTH_TOKENS: JSON.stringify(tokens),
    TEST_WRITER_TOKEN: WRITER,
    TEST_READER_TOKEN: READER,
  });
  const clients = connectHouse({ url: house.url, token: WRITER });
  return { url: house.url, clients, stop: () => house.stop() };
}
