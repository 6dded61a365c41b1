// The locked DuckDB instance that users' statements run in, and its bounded pool of connections.
import type { DuckDBConnection, DuckDBPreparedStatement } from "@duckdb/node-api";
import { LakehouseError } from "#kernel/problem.ts";
import type { Relation } from "#ports/table-engine.ts";
import { createFileShapes } from "./file-shapes.ts";
import { createKeptStatements, type KeptStatements } from "./kept-statements.ts";
import {
  openLocked,
  type DuckDb,
  type InstanceSettings,
  type OpenInstance,
} from "./locked-instance.ts";
import { makeSizeMacros } from "./size-macros.ts";
import { createTurns } from "./query-turns.ts";
import { createShownRelations, type ShownRelations } from "./shown-relations.ts";

/** A connection with a catalog of its own, so that two queries never see each other's views. */
export interface PooledConnection {
  readonly connection: DuckDBConnection;
  /** Makes exactly these relations visible by name, as of now. */
  show(relations: readonly Relation[]): Promise<void>;
  /** A statement over what is shown, without values; it goes back with the release. */
  prepare(sql: string): Promise<DuckDBPreparedStatement>;
  /**
   * Gives it back. `midway`: its statement did not run to the end. `fatal`: the instance is lost,
   * and the next query opens another.
   */
  release(state?: "done" | "midway" | "fatal"): void;
}

export interface QueryInstance {
  /** `memory_mb`: in an instance of its own with so much memory, gone with the release. */
  acquire(signal: AbortSignal, memory_mb?: number): Promise<PooledConnection>;
  close(): Promise<void>;
}

interface Slot {
  readonly open: OpenInstance;
  readonly connection: DuckDBConnection;
  readonly catalog: string;
  readonly shown: ShownRelations;
  readonly kept: KeptStatements;
}

/** The plan of a statement over many files is large. */
const KEPT_FILES_MAX = 100;

export function createQueryInstance(duckdb: DuckDb, settings: InstanceSettings): QueryInstance {
  const turns = createTurns(settings.connections_max);
  const shapes = createFileShapes();
  let opening: Promise<OpenInstance> | undefined;
  let current: OpenInstance | undefined;
  let made = 0;
  let closed = false;
  let idle: Slot[] = [];

  async function openSlot(): Promise<Slot> {
    opening ??= openLocked(duckdb, settings);
    try {
      current = await opening;
      return await slotIn(current);
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }

  async function slotIn(open: OpenInstance): Promise<Slot> {
    const connection = await open.instance.connect();
    const catalog = `scope_${++made}`;
    await connection.run(`ATTACH ':memory:' AS ${catalog}`);
    await connection.run(`USE ${catalog}`);
    await makeSizeMacros(connection);
    const shown = createShownRelations(connection, catalog, shapes);
    return { open, connection, catalog, shown, kept: createKeptStatements(connection) };
  }

  /** Whether a connection can serve again; one that stopped midway is first brought to rest. */
  async function settle(slot: Slot, midway: boolean): Promise<boolean> {
    if (closed || slot.open !== current || slot.shown.isFull()) return false;
    if (!midway) return true;
    slot.connection.interrupt();
    return slot.connection.run("SELECT 1").then(
      () => true,
      () => false,
    );
  }

  async function discard(slot: Slot): Promise<void> {
    closeSlot(slot);
    if (closed || slot.open !== current) return;
    const connection = await slot.open.instance.connect();
    await connection.run(`DETACH ${slot.catalog}`);
    connection.closeSync();
  }

  function giveBack(slot: Slot, state: "done" | "midway" | "fatal"): void {
    if (state === "fatal" && slot.open === current) {
      opening = undefined;
      current = undefined;
      idle = [];
    }
    void settle(slot, state === "midway")
      .then((good) => (good ? void idle.push(slot) : discard(slot)))
      .catch(() => undefined)
      .finally(() => turns.leave());
  }

  async function openAlone(memory_mb: number): Promise<Slot> {
    const open = await openLocked(duckdb, { ...settings, memory_mb });
    return slotIn(open).catch(async (error: unknown) => {
      await open.close();
      throw error;
    });
  }

  function closeAlone(slot: Slot): void {
    closeSlot(slot);
    void slot.open
      .close()
      .catch(() => undefined)
      .finally(() => turns.leave());
  }

  return {
    async acquire(signal, memory_mb) {
      if (closed) throw new LakehouseError("unavailable", "the table engine is closed");
      await turns.enter(signal);
      const taken = memory_mb === undefined ? (idle.pop() ?? openSlot()) : openAlone(memory_mb);
      const slot = await Promise.resolve(taken).catch((error: unknown) => {
        turns.leave();
        throw error;
      });
      let out = true;
      let files = 0;
      const prepared: { sql: string; statement: DuckDBPreparedStatement }[] = [];
      return {
        connection: slot.connection,
        async show(relations) {
          files += relations.reduce((sum, relation) => sum + filesOf(relation), 0);
          const changed = await showAll(slot.shown, relations);
          if (changed) slot.kept.clear();
        },
        async prepare(sql) {
          const statement = await slot.kept.take(sql);
          prepared.push({ sql, statement });
          return statement;
        },
        release(state = "done") {
          if (!out) return;
          out = false;
          const keep = state === "done" && files <= KEPT_FILES_MAX;
          for (const { sql, statement } of prepared) slot.kept.giveBack(sql, statement, keep);
          if (memory_mb === undefined) giveBack(slot, state);
          else closeAlone(slot);
        },
      };
    },
    async close() {
      closed = true;
      for (const slot of idle.splice(0)) closeSlot(slot);
      const open = await opening?.catch(() => undefined);
      await open?.close();
    },
  };
}

function closeSlot({ kept, connection }: Slot): void {
  kept.clear();
  connection.closeSync();
}

async function showAll(shown: ShownRelations, relations: readonly Relation[]): Promise<boolean> {
  let changed = false;
  for (const relation of relations) changed = (await shown.show(relation)) || changed;
  return changed;
}

function filesOf(relation: Relation): number {
  return relation.kind === "table" ? relation.files.length : relation.uris.length;
}
