// The REST catalog's requirements: what a table must be like for a commit to go through.
import { z } from "zod";
import { LakehouseError } from "#kernel/problem.ts";
import { badUpdate, nearest } from "./bad-update.ts";
import { readJson, snapshotId } from "./metadata-json.ts";
import type { TableMetadata } from "./table-types.ts";

type Requirement = Readonly<Record<string, unknown>>;

/** Requirements on one number: its key in the requirement, and in the metadata. */
const NUMBERS = {
  "assert-last-assigned-field-id": ["last-assigned-field-id", "last-column-id"],
  "assert-current-schema-id": ["current-schema-id", "current-schema-id"],
  "assert-last-assigned-partition-id": ["last-assigned-partition-id", "last-partition-id"],
  "assert-default-spec-id": ["default-spec-id", "default-spec-id"],
  "assert-default-sort-order-id": ["default-sort-order-id", "default-sort-order-id"],
} as const;

const NAMES = [
  "assert-create",
  "assert-table-uuid",
  "assert-ref-snapshot-id",
  ...Object.keys(NUMBERS),
];

/**
 * Checks requirements (REST specification, `TableRequirement`) against a table; undefined: there is
 * none. Errors: `conflict` with reason `requirement_failed` and in `extra` what was expected and
 * found; `invalid` with reason `bad_update` for a requirement that is not known.
 */
export function checkRequirements(
  metadata: TableMetadata | undefined,
  requirements: readonly unknown[],
): void {
  for (const [at, given] of requirements.entries()) {
    const shape = z.looseObject({ type: z.string() });
    const requirement = readJson(shape, given, `requirement ${at}`, "bad_update");
    check(metadata, requirement.type, requirement);
  }
}

function check(metadata: TableMetadata | undefined, type: string, requirement: Requirement): void {
  if (!NAMES.includes(type)) {
    throw badUpdate(
      `there is no requirement "${type}"`,
      `did you mean ${nearest(type, NAMES)}? There are ${NAMES.join(", ")}`,
    );
  }
  if (type === "assert-create") {
    if (metadata !== undefined) throw failed(type, "no table", metadata["table-uuid"]);
    return;
  }
  if (metadata === undefined) throw failed(type, "a table", "none");
  if (type === "assert-table-uuid") {
    const { uuid } = read(requirement, { uuid: z.string() });
    const found = metadata["table-uuid"];
    if (uuid.toLowerCase() !== found.toLowerCase()) throw failed(type, uuid, found);
  } else if (type === "assert-ref-snapshot-id") {
    checkRef(metadata, requirement);
  } else {
    const [key, of] = NUMBERS[type as keyof typeof NUMBERS];
    const expected = read(requirement, { [key]: z.int() })[key];
    if (metadata[of] !== expected) throw failed(type, expected, metadata[of]);
  }
}

/** A `snapshot-id` of null means that the reference must not be there. */
function checkRef(metadata: TableMetadata, requirement: Requirement): void {
  const { ref, "snapshot-id": given } = read(requirement, {
    ref: z.string(),
    "snapshot-id": snapshotId.nullish(),
  });
  const found = Object.hasOwn(metadata.refs, ref) ? metadata.refs[ref]!["snapshot-id"] : null;
  const expected = given === undefined || given === "-1" ? null : given;
  if (found !== expected) throw failed(`assert-ref-snapshot-id of ${ref}`, expected, found);
}

function read<S extends z.ZodRawShape>(
  requirement: Requirement,
  shape: S,
): z.output<z.ZodObject<S>> {
  const what = `requirement ${String(requirement["type"])}`;
  return readJson(z.looseObject(shape), requirement, what, "bad_update") as z.output<
    z.ZodObject<S>
  >;
}

function failed(type: string, expected: unknown, found: unknown): LakehouseError {
  return new LakehouseError(
    "conflict",
    `requirement failed: ${type}: expected ${String(expected)}, found ${String(found)}`,
    {
      reason: "requirement_failed",
      hint: "load the table again, redo the change on it, and commit anew",
      extra: { requirement: type, expected, found },
    },
  );
}
