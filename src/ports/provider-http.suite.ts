// For tests: a provider on loopback that answers what a test says, and how it is asked.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listening } from "../../test/support/listening.ts";
import type { HasAfter } from "../../test/support/temp-dir.ts";
import { askProvider } from "./provider-http.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export async function serve(t: HasAfter, answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => answer(request, response));
  });
  const port = await listening(t, server);
  return `http://127.0.0.1:${port}`;
}

export function ask(base_url: string, path = "/chat", whole = false) {
  const { signal } = new AbortController();
  return askProvider({ name: "up", base_url }, path, { a: 1 }, signal, { whole });
}
