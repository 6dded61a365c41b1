// A table that goes through many random operations: what foreign readers then make of it is tested.
import type { Clients } from "#contracts/all-contracts.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { ingestRows } from "./lake-tables.ts";

type Random = () => number;

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const TYPES = ["string", "long", "double"] as const;
type ColumnType = (typeof TYPES)[number];

const SPECS = [[], ["bucket[3]"], ["truncate[50]"], ["identity"]] as const;

/** Makes `churned` by 200 random operations; the seed is printed, and may be given. */
export async function fillChurned(clients: Clients): Promise<void> {
  const given = process.env["LAKEHOUSE_TEST_SEED"];
  const seed = given === undefined ? Date.now() % 1_000_000 : Number(given);
  console.log(`200 random operations, seed ${seed} (LAKEHOUSE_TEST_SEED)`);
  const done = await churn(clients, "churned", { seed, operations: 200 });
  console.log(JSON.stringify(done));
}

/** Makes the dataset and changes it so many times; answers how often each operation was done. */
async function churn(
  clients: Clients,
  name: string,
  options: { readonly seed: number; readonly operations: number },
): Promise<Record<string, number>> {
  const random = seeded(options.seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const columns = new Map<string, ColumnType>([["note", "string"]]);
  let next_id = 1;
  let made = 0;

  const valueOf = (type: ColumnType, id: number) => {
    if (below(8) === 0) return null;
    if (type === "string") return `v${id}-${below(5)}`;
    return type === "long" ? below(1_000_000) : below(1_000) + 0.5;
  };
  const rowOf = (id: number) => ({
    id,
    ...Object.fromEntries([...columns].map(([column, type]) => [column, valueOf(type, id)])),
  });
  const alter = (change: object) =>
    clients.catalog.alter({ name, ...change } as Parameters<typeof clients.catalog.alter>[0]);
  const anyColumn = () => [...columns.keys()][below(columns.size)]!;

  const operations: Record<string, () => Promise<unknown>> = {
    append: () =>
      ingestRows(
        clients,
        name,
        Array.from({ length: 1 + below(8) }, () => rowOf(next_id++)),
        {
          evolve: true,
        },
      ),
    upsert: () => {
      const first = below(next_id);
      const ids = Array.from({ length: 1 + below(6) }, (_, index) => first + index);
      next_id = Math.max(next_id, first + ids.length);
      return ingestRows(clients, name, ids.map(rowOf), {
        mode: "upsert",
        key: ["id"],
        evolve: true,
      });
    },
    delete: () => clients.rewrite.delete_rows({ dataset: name, where: `id % 17 = ${below(17)}` }),
    compact: () => clients.rewrite.compact({ dataset: name, all: below(2) === 0 }),
    add: async () => {
      const type = TYPES[below(TYPES.length)]!;
      const column = `c${made++}`;
      await alter({ fields: [{ change: "add", name: column, type }] });
      columns.set(column, type);
    },
    rename: async () => {
      const column = anyColumn();
      const to = `c${made++}`;
      await alter({ fields: [{ change: "rename", name: column, to }] });
      columns.set(to, columns.get(column)!);
      columns.delete(column);
    },
    drop: async () => {
      if (columns.size < 2) return;
      const column = anyColumn();
      await alter({ fields: [{ change: "drop", name: column }] });
      columns.delete(column);
    },
    move: () => alter({ fields: [{ change: "move", name: anyColumn(), after: null }] }),
    partition: () => {
      const transforms = SPECS[below(SPECS.length)]!;
      return alter({ partition_by: transforms.map((transform) => ({ column: "id", transform })) });
    },
    tag: () => clients.catalog.tag({ name, tag: `t${made++}` }),
    expire: () =>
      clients.catalog.expire_snapshots({
        name,
        older_than: new Date().toISOString(),
        retain_last: 20,
      }),
  };
  const WEIGHTS = { append: 40, upsert: 20, delete: 10, compact: 5 } as Record<string, number>;
  const chosen = Object.keys(operations).flatMap((one) =>
    Array.from({ length: WEIGHTS[one] ?? 3 }, () => one),
  );
  const done: Record<string, number> = {};
  await ingestRows(clients, name, [rowOf(next_id++)]);
  for (let step = 0; step < options.operations; step++) {
    const operation = chosen[below(chosen.length)]!;
    try {
      await operations[operation]!();
    } catch (cause) {
      const why = cause instanceof LakehouseError ? cause.message : String(cause);
      const message = `seed ${options.seed}, step ${step}, ${operation}: ${why}`;
      throw new Error(message, { cause });
    }
    done[operation] = (done[operation] ?? 0) + 1;
  }
  return done;
}
