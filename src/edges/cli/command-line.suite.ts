// The command line on a house of its own, with what it wrote kept for a test to read.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openHouse } from "#app/open-house.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import type { CliHost } from "./cli-host.ts";
import { runProgram } from "./program.ts";

/** `config`: the text of lakehouse.toml; `more`: what the commands ask of their host beside it. */
export async function openCommandLine(t: HasAfter, config: string, more: Partial<CliHost> = {}) {
  const data = await tempDir(t);
  const config_path = join(data, "lakehouse.toml");
  await writeFile(config_path, config);
  let out = "";
  let notes = "";
  const host = {
    version: "0",
    terminal: {
      out: (text: string) => void (out += text),
      note: (text: string) => void (notes += text),
      interactive: false,
    },
    open: (options) => openHouse(options, {}),
    ...more,
  } satisfies Partial<CliHost> as unknown as CliHost;
  return {
    async run(...args: string[]) {
      out = "";
      notes = "";
      const code = await runProgram(host, ["--data", data, "--config", config_path, ...args]);
      return { code, out, notes };
    },
  };
}
