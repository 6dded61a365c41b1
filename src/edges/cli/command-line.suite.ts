// The command line on a house of its own, with what it wrote kept for a test to read.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openHouse } from "#app/open-house.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import type { CliHost, OpenHouse, OpenOptions } from "./cli-host.ts";
import { runProgram } from "./program.ts";

/** `config`: the text of lakehouse.toml; `more`: what the commands ask of their host beside it. */
export async function openCommandLine(t: HasAfter, config: string, more: Partial<CliHost> = {}) {
  const data = await tempDir(t);
  const config_path = join(data, "lakehouse.toml");
  await writeFile(config_path, config);
  const houses = createKeptHouse();
  t.after(() => houses.close());
  let out = "";
  let notes = "";
  const host = {
    version: "0",
    terminal: {
      out: (text: string) => void (out += text),
      note: (text: string) => void (notes += text),
      interactive: false,
    },
    open: (options) => houses.open(options),
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

/** One house for all commands that ask for the same: to open one takes longer than most of them. */
function createKeptHouse() {
  let kept: { readonly asked: string; readonly house: OpenHouse } | undefined;

  async function close(): Promise<void> {
    await kept?.house.close();
    kept = undefined;
  }

  return {
    close,
    async open(options: OpenOptions): Promise<OpenHouse> {
      // How an answer is printed is nothing to the house.
      const asked = JSON.stringify({ ...options, json: undefined, quiet: undefined });
      if (kept?.asked !== asked) {
        await close();
        kept = { asked, house: await openHouse(options, {}) };
      }
      return { ...kept.house, close: () => Promise.resolve() };
    },
  };
}
