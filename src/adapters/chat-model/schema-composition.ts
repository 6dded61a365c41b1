// What a JSON schema is composed of: references into itself and allOf, as one schema.
import { LakehouseError } from "#kernel/problem.ts";
import { asObject } from "./openai-shapes.ts";

export type Loose = Readonly<Record<string, unknown>>;

/** References that lead to references, and compositions in compositions. */
export const DEPTH_MAX = 64;
/** Schemas and members that are read for one; what is said once may be meant in many places. */
const MEMBERS_MAX = 100_000;

/** Of one root schema. `onUnheld` hears of keywords that the one schema does not say in full. */
export function createComposition(root: unknown, onUnheld: (keyword: string) => void) {
  let members = 0;

  /** A schema with its members is read. Throws `invalid` once there were too many. */
  function count(schema: Loose): void {
    const { properties, required } = schema;
    members += 1 + Object.keys(schema).length + Object.keys(asObject(properties) ?? {}).length;
    if (Array.isArray(required)) members += required.length;
    if (members > MEMBERS_MAX) throw invalid(`it stands for more than ${MEMBERS_MAX} members`);
  }

  function resolve(ref: unknown): unknown {
    const found = pointerSteps(ref)?.reduce<unknown>((at, step) => asObject(at)?.[step], root);
    if (found !== undefined) return found;
    throw invalid(`$ref ${JSON.stringify(ref)} leads nowhere in the schema`);
  }

  /** One schema of it and what it is composed of; alternatives stay. */
  function merged(schema: Loose, depth: number): Loose {
    if (depth > DEPTH_MAX) throw invalid("its references or compositions have no end");
    const { allOf, $ref, ...own } = schema;
    const parts = Array.isArray(allOf) ? allOf.map((one) => asObject(one) ?? {}) : [];
    const base = $ref === undefined ? [] : [asObject(resolve($ref)) ?? {}];
    return [...base, ...parts].reduce<Loose>((all, one) => {
      const part = merged(one, depth + 1);
      count(part);
      count(all);
      const { properties, required, ...more } = part;
      for (const key of Object.keys(more)) {
        if (isOther(all[key], more[key]) && key !== "description" && key !== "title") {
          onUnheld("allOf");
        }
      }
      return {
        ...more,
        ...all,
        ...joined("properties", asObject(properties), asObject(all["properties"])),
        ...listed("required", required, all["required"]),
      };
    }, own);
  }

  return { resolve, merged, count };
}

function isOther(said: unknown, told: unknown): boolean {
  if (said === undefined || said === told) return false;
  return JSON.stringify(said) !== JSON.stringify(told);
}

function joined(name: string, first: Loose | undefined, then: Loose | undefined): Loose {
  return first === undefined && then === undefined ? {} : { [name]: { ...first, ...then } };
}

function listed(name: string, first: unknown, then: unknown): Loose {
  const lists = [first, then].filter((list) => Array.isArray(list)) as unknown[][];
  return lists.length === 0 ? {} : { [name]: [...new Set(lists.flat())] };
}

/** RFC 6901, section 6: a pointer in a fragment. Undefined: it is none. */
function pointerSteps(ref: unknown): string[] | undefined {
  if (ref === "#") return [];
  if (typeof ref !== "string" || !ref.startsWith("#/")) return undefined;
  try {
    const steps = decodeURIComponent(ref.slice(2)).split("/");
    return steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  } catch {
    return undefined;
  }
}

export function invalid(why: string): LakehouseError {
  return new LakehouseError("invalid", `no grammar can be made of the JSON schema: ${why}`, {
    reason: "invalid_input",
  });
}
