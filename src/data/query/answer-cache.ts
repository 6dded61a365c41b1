// Which answers may be held for whom asks next, and where a held one is found.
import { createHeldAnswers, type HeldAnswer } from "./held-answers.ts";
import type { TableScan } from "./query-tables.ts";
import { isRepeatable, statementKey, type StatementForm } from "./repeatable-sql.ts";

/** How one request stands to the cache. */
export interface CacheSlot {
  /** A held answer for the present snapshots, without planning anything. */
  early(): Promise<HeldAnswer | undefined>;
  /**
   * Told what is read; then `found` may have an answer, and `store` holds one for these snapshots.
   */
  planned(names: readonly string[], scans: readonly TableScan[]): PlannedSlot;
}

export interface PlannedSlot {
  readonly state: "miss" | "off";
  readonly found: HeldAnswer | undefined;
  readonly store: ((answer: HeldAnswer) => void) | undefined;
}

export interface AnswerCache {
  slot(statement: StatementForm, wanted: boolean, versionsOf: VersionsOf): CacheSlot;
  readonly entry_bytes_max: number;
  figures(): Readonly<Record<string, number>>;
}

/** Versions that the named tables have now; undefined when they cannot be told. */
export type VersionsOf = (names: readonly string[]) => Promise<readonly string[] | undefined>;

/** Statements whose table names are remembered. */
const STATEMENTS_MAX = 10_000;
const SQL_LENGTH_MAX = 100_000;
const OFF: PlannedSlot = { state: "off", found: undefined, store: undefined };

export function createAnswerCache(
  bytes_max: number,
  entry_bytes_max: number,
  engine: string,
): AnswerCache {
  const held = createHeldAnswers(bytes_max, entry_bytes_max);
  const names_of = new Map<string, readonly string[]>();
  const off: CacheSlot = { early: async () => undefined, planned: () => OFF };

  function remember(key: string, names: readonly string[]): void {
    names_of.delete(key);
    names_of.set(key, names);
    if (names_of.size > STATEMENTS_MAX) names_of.delete(names_of.keys().next().value!);
  }

  return {
    slot(statement, wanted, versionsOf) {
      const { sql, params, at } = statement;
      if (!wanted || bytes_max === 0 || sql.length > SQL_LENGTH_MAX) return off;
      if (!isRepeatable(sql, params)) return off;
      const key = statementKey(statement, engine);
      const fullKey = (versions: readonly string[]) => JSON.stringify([key, versions]);
      let looked = "";
      return {
        async early() {
          const names = names_of.get(key);
          if (at !== undefined || names === undefined) return undefined;
          const versions = await versionsOf(names);
          if (versions === undefined) return undefined;
          looked = fullKey(versions);
          return held.get(looked);
        },
        planned(names, scans) {
          const versions = scans.map((scan) => scan.version);
          // A statement without tables may read some that we do not know of: another engine's.
          if (names.length === 0 || !versions.every((one) => one !== undefined)) return OFF;
          const full = fullKey(versions);
          const store = (answer: HeldAnswer) => {
            remember(
              key,
              scans.map((scan) => scan.dataset!),
            );
            held.put(full, answer);
          };
          return { state: "miss", found: full === looked ? undefined : held.get(full), store };
        },
      };
    },
    entry_bytes_max,
    figures: held.figures,
  };
}
