// Clients, their contracts, and past placements of the roster's workers.
import type { Column, GeneratedTable } from "#pack.ts";
import { batches, cell, idOf, rowRandom, skewed, weighted } from "./fast-text.ts";
import { workerSource } from "./generate-workers.ts";
import { PLACES } from "./places.ts";
import { ROLES } from "./roles.ts";

const column =
  (type: string) =>
  (name: string): Column => ({ name, type, nullable: true });
const text = column("string");
const whole = column("long");
const key = (name: string): Column => ({ name, type: "string", nullable: false });

const NAME_HEADS = [
  "Maumee",
  "Great Lakes",
  "Buckeye",
  "Prairie",
  "Wabash",
  "Lakeside",
  "Cardinal",
  "Summit",
  "Midland",
  "Ironwood",
  "Blue River",
  "Harvest",
  "Northgate",
  "Union",
  "Crossroads",
  "Redstone",
];
const NAME_TAILS = [
  "Logistics",
  "Foods",
  "Plastics",
  "Fabrication",
  "Distribution",
  "Packaging",
  "Automotive",
  "Medical Supply",
  "Cold Storage",
  "Paper",
  "Beverage",
  "Electronics",
];
const INDUSTRIES = ["logistics", "food", "manufacturing", "automotive", "medical", "retail"];

const pickPlace = skewed(PLACES.length, 4);
const pickRole = skewed(ROLES.length, 3);
const pickShift = weighted([55, 20, 25]);
const SHIFT_NAMES = ["day", "evening", "night"];

export function clientCount(rows: number): number {
  return Math.max(10, Math.min(2_000, Math.round(rows / 50)));
}

export function clientsTable(rows: number, seed: number): GeneratedTable {
  const random = rowRandom(seed);
  return {
    dataset: "clients",
    columns: [key("client_id"), ...["name", "industry", "city", "state", "contact"].map(text)],
    csv: () =>
      batches(clientCount(rows), (index) => {
        random.at(index);
        const name = `${random.pick(NAME_HEADS)} ${random.pick(NAME_TAILS)}`;
        const { city, state } = PLACES[pickPlace(random)]!;
        const contact = `dispatch${index + 1}@example.com`;
        const who = `${idOf("C", index)},${name},${random.pick(INDUSTRIES)}`;
        return `${who},${cell(city)},${state},${contact}\n`;
      }),
  };
}

export function contractsTable(rows: number, seed: number): GeneratedTable {
  const random = rowRandom(seed);
  const clients = clientCount(rows);
  return {
    dataset: "contracts",
    columns: [
      key("contract_id"),
      ...["client_id", "role", "city", "state"].map(text),
      whole("count"),
      ...["shift", "start_date", "status"].map(text),
      column("double")("bill_rate"),
    ],
    csv: () =>
      batches(clients * 3, (index) => {
        random.at(index);
        const role = ROLES[pickRole(random)]!;
        const { city, state } = PLACES[pickPlace(random)]!;
        const rate = (role.pay * 1.45 + random.int(12) * 0.25).toFixed(2);
        const status = random.pick(["open", "open", "filled", "closed", "cancelled"]);
        return (
          `${idOf("K", index)},${idOf("C", random.int(clients))},${role.role},${cell(city)},` +
          `${state},${1 + random.int(8)},${SHIFT_NAMES[pickShift(random)]!},` +
          `${dateOf(random.int(364))},${status},${rate}\n`
        );
      }),
  };
}

const FEEDBACK = [
  "On time every day.",
  "Client asked for them again.",
  "Learned the line quickly.",
  "",
  "Left early twice.",
  "Did not show on the second day.",
  "Solid work, quiet.",
  "",
  "Helped train two others.",
  "Fine, but slow on paperwork.",
];

export function placementsTable(rows: number, seed: number, worker_seed: number): GeneratedTable {
  const clients = clientCount(rows);
  return {
    dataset: "placements",
    columns: [
      key("placement_id"),
      ...["worker_id", "worker_name", "client_id", "role", "city", "state"].map(text),
      ...["shift", "start_date"].map(text),
      ...["weeks", "rating"].map(whole),
      text("feedback"),
    ],
    csv: () => {
      const random = rowRandom(seed);
      const workerOf = workerSource(worker_seed);
      return batches(Math.max(1, Math.round(rows / 2)), (index) => {
        random.at(index);
        const who = random.int(rows);
        const worker = workerOf(who);
        const { city, state } = PLACES[worker.place]!;
        const feedback = random.int(FEEDBACK.length);
        const rating = Math.max(1, Math.min(5, 5 - Math.floor(feedback / 3) + random.int(2)));
        return (
          `${idOf("P", index)},${idOf("W", who)},${worker.first} ${worker.last},` +
          `${idOf("C", random.int(clients))},${ROLES[worker.role]!.role},${cell(city)},${state},` +
          `${SHIFT_NAMES[pickShift(random)]!},${dateOf(random.int(364))},${1 + random.int(26)},` +
          `${rating},${cell(FEEDBACK[feedback]!)}\n`
        );
      });
    },
  };
}

/** Day `index` of 2025. */
function dateOf(index: number): string {
  return new Date(Date.UTC(2025, 0, 1 + index)).toISOString().slice(0, 10);
}
