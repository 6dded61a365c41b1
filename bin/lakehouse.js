#!/usr/bin/env node
// Starts the command line on a runtime that can run TypeScript: this one, or the pinned Node.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

// Each running DuckDB statement holds one of these threads; file work must not wait behind them.
process.env.UV_THREADPOOL_SIZE ??= "16";

const [major, minor] = process.versions.node.split(".").map(Number);
const fresh = "Bun" in globalThis || major > 24 || (major === 24 && minor >= 12);
const main = new URL("../src/app/main.ts", import.meta.url);

// Types are taken off and code is compiled once, not at each start. Kept beside the dependencies,
// not in a folder for all users: who can write there can change the code itself.
const compiled = fileURLToPath(new URL("../node_modules/.cache/lakehouse", import.meta.url));

if (fresh) {
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE ?? compiled);
  await import(main.href);
} else {
  const node = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
  if (!existsSync(node)) {
    console.error(
      `lakehouse needs Node 24.12 or newer (this is ${process.versions.node}).\n` +
        "Run `npm ci` in its folder: it brings a fitting Node of its own.",
    );
    process.exit(1);
  }
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], {
    // By the channel it hears of our end, whatever ends us.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { NODE_COMPILE_CACHE: compiled, ...process.env, STARTED_BY_LAKEHOUSE: "1" },
  });
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill("SIGTERM"));
  // A terminal tells both of us; a second one would end at once what the first ends in order.
  process.on("SIGINT", () => void (process.stdin.isTTY || child.kill("SIGINT")));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}
