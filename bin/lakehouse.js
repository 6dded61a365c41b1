#!/usr/bin/env node
// Starts the command line on a runtime that can run TypeScript: this one, or the pinned Node.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Each running DuckDB statement holds one of these threads; file work must not wait behind them.
process.env.UV_THREADPOOL_SIZE ??= "16";

const [major, minor] = process.versions.node.split(".").map(Number);
const fresh = "Bun" in globalThis || major > 24 || (major === 24 && minor >= 12);
const main = new URL("../src/app/main.ts", import.meta.url);

if (fresh) {
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
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}
