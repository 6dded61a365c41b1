// Prism as a validating proxy: every request and answer is held against our own API document.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ALL_CONTRACTS } from "#contracts/all-contracts.ts";
import type { HttpRoute, Operation } from "#kernel/contract.ts";
import { layOut } from "#kernel/http-form.ts";
import { freePort } from "../support/listening.ts";
import { findNpmPackages } from "./npm-packages.ts";
import type { Found } from "./foreign-engines.ts";

const PACKAGES = ["@stoplight/prism-cli@5.16.0"];
const START_TIMEOUT_MS = 60_000;
/** What prism's own problems are of: the rest comes from the house. */
const PRISM_ERRORS = "https://stoplight.io/prism/errors#";

export async function findPrism(): Promise<Found<{ script: string; versions: string }>> {
  const installed = await findNpmPackages({ name: "prism", packages: PACKAGES });
  if (installed.skip !== false) return installed;
  const { folder, versions } = installed.found;
  const script = join(folder, "node_modules/@stoplight/prism-cli/dist/index.js");
  return { found: { script, versions }, skip: false };
}

export interface Violation {
  readonly operation: string;
  readonly status: number;
  readonly problem: unknown;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
  /** undefined: not JSON. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

export interface PrismProxy {
  /** An operation through the proxy, as `service.operation`; by its alias when one is named. */
  ask(
    operation: string,
    input?: Readonly<Record<string, unknown>>,
    more?: { body?: string; route?: HttpRoute; secret?: string },
  ): Promise<Answered>;
  /** A path of the gateway's own through the proxy. */
  page(path: string): Promise<Answered>;
  /** What prism found wrong so far. */
  readonly violations: readonly Violation[];
  /** Operations that went through. */
  readonly asked: ReadonlySet<string>;
  stop(): Promise<void>;
}

/** Fetches the document of a running house and puts the proxy before it. */
export async function startPrism(script: string, url: string, dir: string): Promise<PrismProxy> {
  mkdirSync(dir, { recursive: true });
  const document = join(dir, "openapi.json");
  writeFileSync(document, await (await fetch(`${url}/openapi.json`)).text());
  const port = await freePort();
  const args = [script, "proxy", document, url, "--errors", "--port", String(port)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  let said = "";
  const heard = (chunk: Buffer) => void (said += chunk.toString());
  child.stderr.on("data", heard);
  child.stdout.on("data", heard);
  const until = Date.now() + START_TIMEOUT_MS;
  while (!said.includes("Prism is listening")) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill("SIGKILL");
      throw new Error(`prism did not start: ${said.slice(0, 4_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const violations: Violation[] = [];
  const asked = new Set<string>();

  async function send(id: string, path: string, init: RequestInit): Promise<Answered> {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
    const text = await answer.text();
    const json = parsed(text);
    if (String(json?.["type"]).startsWith(PRISM_ERRORS)) {
      violations.push({ operation: id, status: answer.status, problem: json });
    }
    return { status: answer.status, text, json };
  }

  return {
    violations,
    asked,
    async ask(id, input = {}, { body, route, secret } = {}) {
      const operation = operationOf(id);
      // A parameter is one segment of a path in OpenAPI: the slashes of a key travel as %2F.
      const http = (route ?? operation.http).replace("...}", "}") as HttpRoute;
      const laid = layOut({ ...operation, http }, input);
      const raw = body !== undefined;
      const type = raw ? "application/octet-stream" : "application/json";
      const with_body = raw || laid.rest !== undefined;
      asked.add(id);
      return send(id, laid.url, {
        method: laid.method,
        headers: {
          ...(with_body ? { "content-type": type } : {}),
          ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
          ...laid.headers,
        },
        ...(with_body ? { body: body ?? JSON.stringify(laid.rest) } : {}),
      });
    },
    page: (path) => send(path, path, {}),
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

function operationOf(id: string): Operation {
  const [service = "", name = ""] = id.split(".");
  const contract = Object.values(ALL_CONTRACTS).find((one) => one.service === service);
  const operation = (contract?.operations as Readonly<Record<string, Operation>> | undefined)?.[
    name
  ];
  if (operation === undefined) throw new Error(`there is no operation ${id}`);
  return operation;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
