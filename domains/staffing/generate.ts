// All tables of the staffing example data. Each has a seed of its own, drawn in a fixed order.
import type { GeneratedTable, Random } from "#pack.ts";
import { clientsTable, contractsTable, placementsTable } from "./generate-business.ts";
import { workersTable } from "./generate-workers.ts";

/** `rows` is the number of workers. A table can be written out again and again with equal text. */
export function generateStaffing(options: { rows: number; random: Random }): GeneratedTable[] {
  const seed = (): number => options.random.int(2 ** 31);
  const [workers, clients, contracts, placements] = [seed(), seed(), seed(), seed()];
  const { rows } = options;
  return [
    workersTable(rows, workers!),
    clientsTable(rows, clients!),
    contractsTable(rows, contracts!),
    placementsTable(rows, placements!, workers!),
  ];
}
