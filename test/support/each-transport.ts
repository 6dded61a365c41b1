// Runs one test body twice: on the service in this process, and on the same service over HTTP.
import { test, type TestContext } from "node:test";
import { connectHttp } from "#kernel/connect-http.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import type { Client, Contract, Handlers } from "#kernel/contract.ts";
import { serveHttp } from "#kernel/serve-http.ts";
import { listen } from "#kernel/listen.ts";

export type Connect = <C extends Contract>(
  contract: C,
  handlers: Handlers<C>,
) => Promise<Client<C>>;

export function eachTransport(
  title: string,
  body: (connect: Connect, t: TestContext) => Promise<void>,
): void {
  test(`${title} (in process)`, (t) =>
    body(async (contract, handlers) => connectLocal(contract, handlers, { strict: true }), t));
  test(`${title} (over HTTP)`, (t) =>
    body(async (contract, handlers) => {
      const local = connectLocal(contract, handlers, { strict: true });
      const server = await listen(serveHttp([{ contract, client: local }]), { port: 0 });
      const remote = connectHttp(contract, { url: server.url });
      t.after(async () => {
        await remote.close();
        await server.stop();
      });
      return remote.client;
    }, t));
}
