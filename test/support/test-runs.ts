// How often a random test runs: a little in unit tests, more when asked by LAKEHOUSE_TEST_RUNS.

/** `quick` times what `LAKEHOUSE_TEST_RUNS` says (1 when it says nothing), 1 at least. */
export function testRuns(quick: number): number {
  const factor = Number(process.env["LAKEHOUSE_TEST_RUNS"] ?? 1);
  if (!(factor > 0)) throw new Error("LAKEHOUSE_TEST_RUNS is a number above 0");
  return Math.max(1, Math.round(quick * factor));
}
