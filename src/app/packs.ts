// Loads the domain packs that settings name, from domains/<name>/pack.ts.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LakehouseError } from "#kernel/problem.ts";
import type { DomainPack } from "#ports/domain-pack.ts";

/** The packs in the order named; a pack exports its one value as `<name>Pack`. */
export async function loadPacks(names: readonly string[]): Promise<DomainPack[]> {
  return Promise.all(names.map(loadPack));
}

async function loadPack(name: string): Promise<DomainPack> {
  const url = new URL(`../../domains/${name}/pack.ts`, import.meta.url);
  if (!/^[a-z][a-z0-9_]*$/.test(name) || !existsSync(fileURLToPath(url))) {
    throw new LakehouseError("invalid", `there is no domain "${name}" (domains/${name}/pack.ts)`, {
      reason: "bad_settings",
    });
  }
  const module = (await import(url.href)) as Record<string, DomainPack | undefined>;
  const pack = module[`${name}Pack`];
  if (pack === undefined) {
    throw new LakehouseError("invalid", `domains/${name}/pack.ts exports no ${name}Pack`);
  }
  return pack;
}
