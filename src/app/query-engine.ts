// Who runs SQL over datasets: the engine in here, or the Trino cluster of the settings.
import { LakehouseError } from "#kernel/problem.ts";
import type { QueryEngine } from "#ports/table-engine.ts";
import { resolveSecret, type HouseSettings } from "./settings.ts";

export interface ChosenEngine {
  readonly engine: QueryEngine;
  readonly engine_name: string;
}

/** Trino without an address or with a secret that is not there: `invalid`. */
export async function chooseQueryEngine(
  settings: HouseSettings["query"],
  local: QueryEngine,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<ChosenEngine> {
  if (settings.engine === "duckdb") return { engine: local, engine_name: "duckdb" };
  const { url, user, catalog, schema } = settings.trino;
  if (url === "") throw badSettings("query.engine is trino, but query.trino.url is empty");
  const secrets: { password?: string; token?: string } = {};
  for (const kind of ["password", "token"] as const) {
    const reference = settings.trino[kind];
    if (reference === "") continue;
    const secret = await resolveSecret(reference, variables);
    if (secret === "") throw badSettings(`query.trino.${kind}: ${reference} gives no secret`);
    secrets[kind] = secret;
  }
  const { createTrinoEngine } = await import("#adapters/table-engine/trino-table-engine.ts");
  const connection = { url, user, catalog, schema, ...secrets };
  return { engine: createTrinoEngine(connection, local), engine_name: "trino" };
}

function badSettings(message: string): LakehouseError {
  return new LakehouseError("invalid", message, { reason: "bad_settings" });
}
