// Functions of the engine that make large values or run long, bounded when they run.
import type { DuckDBConnection } from "@duckdb/node-api";
import { GROWTH_MAX } from "./value-growth.ts";

/** Pairs of characters that two texts may be compared over: about a tenth of a second. */
const COMPARED_MAX = 25_000_000;

const COMPARING = [
  "levenshtein",
  "editdist3",
  "damerau_levenshtein",
  "jaro_similarity",
  "jaro_winkler_similarity",
];

/**
 * Makes macros in the connection's own schema that go before the functions of the same names. What
 * calls the functions themselves, with a schema in front, is refused by the guard.
 */
export async function makeSizeMacros(connection: DuckDBConnection): Promise<void> {
  const over = (what: string) => `error('${what} makes at most ${GROWTH_MAX} values in one list')`;
  for (const name of ["range", "generate_series"]) {
    const whole = (args: string, length: string, call: string) =>
      `(${args}) AS CASE WHEN ${length} > ${GROWTH_MAX} THEN ${over(name)} ` +
      `ELSE system.main.${name}(${call}) END`;
    const between = "abs(b::DOUBLE - a::DOUBLE)";
    const steps = "abs(epoch(b) - epoch(a)) / greatest(abs(epoch(c)), 1e-6)";
    const forms = [
      whole("a BIGINT", "abs(a::DOUBLE)", "a"),
      whole("a BIGINT, b BIGINT", between, "a, b"),
      whole("a BIGINT, b BIGINT, c BIGINT", `${between} / greatest(abs(c::DOUBLE), 1)`, "a, b, c"),
      whole("a TIMESTAMP, b TIMESTAMP, c INTERVAL", steps, "a, b, c"),
      whole("a TIMESTAMPTZ, b TIMESTAMPTZ, c INTERVAL", steps, "a, b, c"),
    ];
    await connection.run(`CREATE MACRO ${name} ${forms.join(", ")}`);
  }
  for (const name of COMPARING) {
    await connection.run(
      `CREATE MACRO ${name} (a VARCHAR, b VARCHAR) AS
       CASE WHEN strlen(a)::DOUBLE * strlen(b) > ${COMPARED_MAX}
         THEN error('${name} compares texts of at most 5000 characters')
         ELSE system.main.${name}(a, b) END`,
    );
  }
}
