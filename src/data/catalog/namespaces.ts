// Namespaces: the first part of names such as sales.orders; `default` is always there.
import { z } from "zod";
import { record } from "#contracts/nouns.ts";
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { PointerChange, PointerStore } from "#ports/pointer-store.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { SPACE, type ChangeEvent } from "./pointer-swaps.ts";

const NAMESPACES = "namespaces";
const DEFAULT = "default";
/** Tries of a change that loses the race to others who make or drop datasets of the namespace. */
const ATTEMPTS_MAX = 50;

const namespaceRecord = z.strictObject({ properties: record });

/** What SQL means something else by: its tables could not be named. */
const RESERVED = new Set(["main", "kb", "temp", "system", "information_schema", "pg_catalog"]);

function reserved(namespace: string): LakehouseError {
  return new LakehouseError("invalid", `"${namespace}" cannot be a namespace`, {
    reason: "invalid_input",
    hint: "SQL means something else by this name",
    issues: [{ path: "namespace", message: "is taken by SQL" }],
  });
}

export interface Namespace {
  readonly namespace: string;
  readonly properties: Record<string, unknown>;
}

type Parts = Pick<CatalogParts, "pointers" | "store">;

/** The namespace that a dataset of this name belongs to. */
export function namespaceOf(name: string): string {
  const dot = name.indexOf(".");
  return dot === -1 ? DEFAULT : name.slice(0, dot);
}

/**
 * What is to be swapped with the making of a dataset, so that its namespace cannot be dropped at
 * the same time. Throws `not_found` (`no_such_namespace`).
 */
export async function keepNamespace(
  { pointers }: Pick<CatalogParts, "pointers">,
  name: string,
): Promise<PointerChange[]> {
  const namespace = namespaceOf(name);
  if (namespace === DEFAULT) return [];
  const { version, value } = await requireNamespace(pointers, namespace);
  return [{ space: NAMESPACES, name: namespace, expected_version: version, value }];
}

export async function listNamespaces({ pointers }: Parts): Promise<Namespace[]> {
  const found = (await pointers.list(NAMESPACES)).map(({ name, value }) => ({
    namespace: name,
    properties: namespaceRecord.parse(value).properties,
  }));
  if (found.some((one) => one.namespace === DEFAULT)) return found;
  const all = [...found, { namespace: DEFAULT, properties: {} }];
  return all.toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1));
}

export async function createNamespace(
  { store }: Parts,
  { namespace, properties }: Namespace,
  call: Call,
): Promise<Namespace> {
  const exists = new LakehouseError("conflict", `there is a namespace "${namespace}" already`, {
    reason: "namespace_exists",
  });
  if (namespace === DEFAULT) throw exists;
  if (RESERVED.has(namespace)) throw reserved(namespace);
  const change = { space: NAMESPACES, name: namespace, expected_version: 0, value: { properties } };
  const event = eventOf("catalog.create_namespace", namespace, { properties });
  if (!(await store.swaps.swapOthers([change], event, call))) throw exists;
  return { namespace, properties };
}

export async function alterNamespace(
  { pointers, store }: Parts,
  wanted: {
    readonly namespace: string;
    readonly set_properties: Record<string, unknown>;
    readonly remove_properties: readonly string[];
  },
  call: Call,
): Promise<Namespace & { missing: string[] }> {
  const { namespace, set_properties, remove_properties } = wanted;
  return untilWon(namespace, async () => {
    const held = await requireNamespace(pointers, namespace);
    const { properties: before } = held.value;
    const missing = remove_properties.filter((key) => !Object.hasOwn(before, key));
    const kept = Object.entries(before).filter(([key]) => !remove_properties.includes(key));
    const properties = { ...Object.fromEntries(kept), ...set_properties };
    const change = {
      space: NAMESPACES,
      name: namespace,
      expected_version: held.version,
      value: { properties },
    };
    const event = eventOf("catalog.alter_namespace", namespace, {
      set_properties,
      remove_properties,
    });
    const won = await store.swaps.swapOthers([change], event, call);
    return won ? { namespace, properties, missing } : undefined;
  });
}

export async function dropNamespace(
  { pointers, store }: Parts,
  namespace: string,
  call: Call,
): Promise<{ dropped: boolean }> {
  return untilWon(namespace, async () => {
    const { version } = await requireNamespace(pointers, namespace);
    const datasets = await pointers.list(SPACE);
    const inside = datasets.filter(({ name }) => namespaceOf(name) === namespace);
    if (inside.length > 0 || namespace === DEFAULT) {
      const what = namespace === DEFAULT ? "is always there" : `has ${inside.length} datasets`;
      throw new LakehouseError("conflict", `the namespace "${namespace}" ${what}`, {
        reason: "namespace_not_empty",
        hint: "drop its datasets first, soft-deleted ones too",
        extra: { datasets: inside.slice(0, 100).map(({ name }) => name) },
      });
    }
    const change = {
      space: NAMESPACES,
      name: namespace,
      expected_version: version,
      value: undefined,
    };
    const event = eventOf("catalog.drop_namespace", namespace, {});
    return (await store.swaps.swapOthers([change], event, call)) ? { dropped: true } : undefined;
  });
}

async function requireNamespace(pointers: PointerStore, namespace: string) {
  const held = await pointers.get(NAMESPACES, namespace);
  if (held !== undefined) {
    return { version: held.version, value: namespaceRecord.parse(held.value) };
  }
  if (namespace === DEFAULT) return { version: 0, value: { properties: {} } };
  throw new LakehouseError("not_found", `there is no namespace "${namespace}"`, {
    reason: "no_such_namespace",
    hint: "make it first",
  });
}

async function untilWon<T>(namespace: string, step: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const done = await step();
    if (done !== undefined) return done;
  }
  throw new LakehouseError("unavailable", `the namespace "${namespace}" changes all the time`);
}

function eventOf(
  action: string,
  namespace: string,
  details: Record<string, unknown>,
): ChangeEvent & { subject: string } {
  return { action, subject: `namespace:${namespace}`, before: null, after: null, details };
}
