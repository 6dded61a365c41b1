// The roster: made-up workers by row number, with skew, twins, gaps and look-alike names.
import type { Column, GeneratedTable } from "#pack.ts";
import { batches, cell, idOf, rowRandom, skewed, weighted } from "./fast-text.ts";
import { FIRST_NAMES, LAST_NAMES } from "./person-names.ts";
import { PLACES } from "./places.ts";
import { ROLES } from "./roles.ts";
import { AVAILABILITY } from "./terms.ts";
import { noteDeck } from "./worker-notes.ts";

const column =
  (type: string) =>
  (name: string): Column => ({ name, type, nullable: true });
const text = column("string");

export const WORKER_COLUMNS: readonly Column[] = [
  { name: "worker_id", type: "string", nullable: false },
  ...["name", "role", "city", "state", "skills", "certifications", "availability"].map(text),
  ...["reliability", "pay"].map(column("double")),
  text("status"),
  column("boolean")("blacklisted"),
  ...["shift", "notes", "email", "phone"].map(text),
];

export interface WorkerCore {
  readonly first: string;
  readonly last: string;
  readonly role: number;
  readonly place: number;
  /** 1-based row whose twin this one is; 0 when it is nobody's. */
  readonly twin_of: number;
}

const STATUSES = ["active", "inactive", "on assignment", "on leave"];
const SHIFT_NAMES = ["day", "evening", "night", ""];
const TWIN_RATE = 0.02;

const pickFirst = skewed(FIRST_NAMES.length, 6);
const pickLast = skewed(LAST_NAMES.length, 6);
const pickRole = skewed(ROLES.length, 3);
const pickPlace = skewed(PLACES.length, 4);
const pickStatus = weighted([80, 9, 7, 4]);
const pickShift = weighted([52, 21, 24, 3]);
const pickAvailability = weighted([45, 25, 14, 9, 7]);
// Most people are fairly reliable, some very, a few not at all; the last is a missing value.
const pickReliability = weighted([1, 1, 2, 3, 5, 8, 12, 16, 18, 16, 12, 4]);

/** Name, role and place of worker `index`; the same for the same seed, whatever else is made. */
export function workerSource(seed: number): (index: number) => WorkerCore {
  const random = rowRandom(seed);
  function own(index: number): WorkerCore {
    random.at(index);
    return {
      first: FIRST_NAMES[pickFirst(random)]!,
      last: LAST_NAMES[pickLast(random)]!,
      role: pickRole(random),
      place: pickPlace(random),
      twin_of: 0,
    };
  }
  return (index) => {
    const core = own(index);
    if (index === 0 || random.next() >= TWIN_RATE) return core;
    // A near-twin: the same name and role as the one before, in another city.
    const { first, last, role, place } = own(index - 1);
    return { first, last, role, place: (place + 1 + (index % 7)) % PLACES.length, twin_of: index };
  };
}

export function workersTable(rows: number, seed: number): GeneratedTable {
  return {
    dataset: "workers",
    columns: WORKER_COLUMNS,
    csv: () => batches(rows, workerLine(seed)),
  };
}

/** The CSV line of worker `index`. */
function workerLine(seed: number): (index: number) => string {
  const coreOf = workerSource(seed);
  const random = rowRandom(seed ^ 0x5bd1e995);
  const notes = noteDeck().map(cell);
  const roles = ROLES.map((role) => ({
    name: cell(role.role),
    pay: role.pay,
    skills: pairs(role.skills),
    certifications: holdings(role.certifications),
  }));
  const places = PLACES.map(({ city, state }) => `${cell(city)},${state}`);
  return (index) => {
    const core = coreOf(index);
    random.at(index);
    const role = roles[core.role]!;
    const steps = pickReliability(random);
    const reliability = steps === 11 ? "" : ((50 + steps * 4.5 + random.int(5)) / 100).toFixed(2);
    const pay = random.int(40) === 0 ? "" : (role.pay + (random.int(25) - 8) * 0.25).toFixed(2);
    const handle = `${core.first}.${core.last.replace("'", "")}${index + 1}`.toLowerCase();
    const phone = `${400 + random.int(500)}-555-${String(random.int(10_000)).padStart(4, "0")}`;
    return (
      `${idOf("W", index)},${core.first} ${core.last},${role.name},${places[core.place]!},` +
      `${random.pick(role.skills)},${random.pick(role.certifications)},` +
      `${AVAILABILITY[pickAvailability(random)]!},${reliability},${pay},` +
      `${STATUSES[pickStatus(random)]!},${random.int(40) === 0 ? "true" : "false"},` +
      `${SHIFT_NAMES[pickShift(random)]!},${random.pick(notes)},${handle}@example.com,${phone}\n`
    );
  };
}

function pairs(skills: readonly string[]): string[] {
  return skills.flatMap((one, at) => skills.slice(at + 1).map((other) => cell(`${one}; ${other}`)));
}

/** What workers of a role hold, as often as they hold it; "" is nothing known. */
function holdings(certifications: readonly string[]): string[] {
  const [first, second] = certifications;
  if (first === undefined) return [""];
  if (second === undefined) return [first, first, ""];
  return ["", "", first, first, first, second, `${first}; ${second}`, "first aid"].map(cell);
}
