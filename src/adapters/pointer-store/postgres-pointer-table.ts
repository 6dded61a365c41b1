// The table of pointers in PostgreSQL: made once, by whoever comes first, and checked on opening.
import type { Sql } from "postgres";
import { LakehouseError } from "#kernel/problem.ts";

const TABLE_VERSION = 1;
const COMMENT = "lakehouse pointers, version ";
/** Any number: those who make the table at the same time wait for one another on it. */
const MAKING_LOCK = 8_710_231;

/**
 * `schema.lakehouse_pointers` as this version writes it. Values are text, not jsonb, which would
 * change numbers and the order of keys. Errors: `unavailable` (`pointers_newer`,
 * `pointers_not_durable`).
 */
export async function preparePointerTable(sql: Sql, schema: string): Promise<void> {
  await checkDurable(sql);
  const found = await commentOf(sql, schema);
  if (found === undefined) await makeTable(sql, schema);
  const version = versionOf((await commentOf(sql, schema)) ?? "");
  if (version === TABLE_VERSION) return;
  throw new LakehouseError("unavailable", `${schema}.lakehouse_pointers is of another version`, {
    reason: "pointers_newer",
    hint: "run the version that wrote it, or a later one",
  });
}

async function makeTable(sql: Sql, schema: string): Promise<void> {
  const table = `${schema}.lakehouse_pointers`;
  await sql.begin(async (inside) => {
    await inside`SELECT pg_advisory_xact_lock(${MAKING_LOCK})`;
    const [known] = await inside`SELECT 1 FROM pg_namespace WHERE nspname = ${schema}`;
    if (known === undefined) await inside`CREATE SCHEMA ${inside(schema)}`;
    await inside`
      CREATE TABLE IF NOT EXISTS ${inside(table)} (
        space text COLLATE "C" NOT NULL,
        name text COLLATE "C" NOT NULL,
        version bigint NOT NULL CHECK (version > 0),
        value text NOT NULL,
        PRIMARY KEY (space, name)
      )`;
    await inside.unsafe(
      `COMMENT ON TABLE ${quoted(schema)}.lakehouse_pointers IS '${COMMENT}${TABLE_VERSION}'`,
    );
  });
}

async function commentOf(sql: Sql, schema: string): Promise<string | undefined> {
  const [row] = await sql<{ comment: string | null }[]>`
    SELECT obj_description(to_regclass(${`${quoted(schema)}.lakehouse_pointers`}), 'pg_class')
      AS comment`;
  return row?.comment ?? undefined;
}

function versionOf(comment: string): number {
  return comment.startsWith(COMMENT) ? Number(comment.slice(COMMENT.length)) : 0;
}

/** What is acknowledged must be on disk; a server told otherwise cannot keep pointers. */
async function checkDurable(sql: Sql): Promise<void> {
  const [row] = await sql<{ commit: string; fsync: string }[]>`
    SELECT current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync`;
  if (row === undefined || (row.commit !== "off" && row.fsync === "on")) return;
  throw new LakehouseError("unavailable", "PostgreSQL answers before changes are on disk", {
    reason: "pointers_not_durable",
    hint: "set fsync and synchronous_commit to on for this database and role",
  });
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
