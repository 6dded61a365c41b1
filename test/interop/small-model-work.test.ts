// A handful of the iterate benchmark with a real small model; without its weights it is not run.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../support/source-tree.ts";

const weights = process.env["LAKEHOUSE_TEST_WEIGHTS"] ?? join(".cache", "models");
const MODEL = "smollm2-135m";
const there = existsSync(join(weights, `${MODEL}.gguf`));
const FILLS = 4;

interface Report {
  readonly figures: Readonly<Record<string, number | string>>;
}

function runBench(): Promise<Report> {
  const { promise, resolve, reject } = Promise.withResolvers<Report>();
  const asked = ["--model", `local/${MODEL}`, "--fills", String(FILLS), "--questions", "10"];
  const arms = ["--arm", "one_shot", "--arm", "iterate", "--rows", "1500", "--weights", weights];
  const args = ["--no-warnings", "bench/iterate.ts", ...asked, ...arms, "--json"];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let [out, said] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.on("error", reject);
  child.on("close", (code) => {
    if (code !== 0) reject(new Error(`the benchmark ended with ${code}: ${said}`));
    else resolve(JSON.parse(out.trim().split("\n").at(-1)!) as Report);
  });
  return promise;
}

test(
  "a small model with a validator behind it gets some work right, and retries lose none of it",
  { skip: there ? false : `no ${MODEL}.gguf in ${weights}: lakehouse models pull ${MODEL}` },
  async (t) => {
    const { figures } = await runBench();
    for (const [name, figure] of Object.entries(figures)) t.diagnostic(`${name}: ${figure}`);
    for (const set of ["fill", "formula"]) {
      const figure = (name: string) => figures[`${set} local/${MODEL} ${name}`];
      const rate = (name: string) => Number.parseFloat(String(figure(name)));
      assert.equal(figure("iterate answered by"), "model");
      // Of all of either it gets nine in ten; a blind draw a third.
      assert.ok(rate("iterate @3") >= 0.5, `only ${rate("iterate @3")} were accepted`);
      assert.ok(rate("iterate @3") >= rate("iterate @1"));
      assert.ok(Number(figure("one_shot tokens")) > 0);
    }
  },
);
