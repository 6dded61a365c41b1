// What is read of a line, as tables of requests say it.
import assert from "node:assert/strict";
import { readRequest } from "./request-parser.ts";

/** What is read of a line: "count role, city state", what else is wanted, and what is told. */
export type Case = readonly [
  line: string,
  plan: string,
  more?: Readonly<Record<string, unknown>>,
  said?: readonly string[],
];

export function planOf(line: string): Case {
  const read = readRequest(line);
  assert.ok(read !== undefined);
  const { role, count, city, state, ...more } = read.want;
  const place = [city, state].filter((one) => one !== undefined).join(" ");
  const plan = `${count} ${role}${place === "" ? "" : `, ${place}`}`;
  return [line, plan, more, read.unread.map((one) => one.said)];
}
