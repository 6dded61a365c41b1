// Registering: a new dataset, the same again (checked and healed), or a schema that evolves.
import type { catalog, Dataset } from "#contracts/catalog.ts";
import type { Call } from "#kernel/call.ts";
import type { ParsedInputOf } from "#kernel/contract.ts";
import { canonicalJson, newId } from "#kernel/ids.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Step } from "./catalog-store.ts";
import {
  checkNames,
  differenceOf,
  evolveFields,
  fingerprintOf,
  numberFields,
  schemaDiffers,
} from "./dataset-fields.ts";
import {
  HEALTHY,
  presentRecord,
  requireHealthy,
  tombstonedError,
  toDataset,
  type DatasetRecord,
  type Held,
} from "./dataset-record.ts";
import { verifyDataset } from "./dataset-states.ts";
import { follow, newMetadata, withSchema, type TableMetadata } from "./table-metadata.ts";

export type RegisterInput = ParsedInputOf<(typeof catalog)["operations"]["register"]>;

interface Registered {
  readonly dataset: Dataset;
  readonly created: boolean;
  readonly evolved: boolean;
}

export async function registerDataset(
  parts: CatalogParts,
  input: RegisterInput,
  call: Call,
): Promise<Registered> {
  checkNames(input.fields);
  const registered = await parts.store.change(input.name, call, async (held) =>
    held === undefined ? create(parts, input, call) : again(parts, input, held, call),
  );
  if (registered.created) return registered;
  const found_broken = registered.dataset.status === "quarantined";
  const newest_max = found_broken ? Infinity : parts.settings.register_checks_max;
  const { dataset } = await verifyDataset(parts, input.name, call, { newest_max, by: "check" });
  return { ...registered, dataset };
}

async function create(
  { objects, clock }: CatalogParts,
  input: RegisterInput,
  call: Call,
): Promise<Step<Registered>> {
  const metadata = newMetadata({
    dataset_id: newId(clock.now()),
    name: input.name,
    fields: numberFields(input.fields, 0),
    properties: input.properties,
    now_ms: clock.now(),
  });
  const metadata_key = await objects.writeMetadata(1, metadata, call);
  const dataset = toDataset(metadata, HEALTHY);
  const { dataset_id, fingerprint } = dataset;
  return {
    change: {
      record: { format_version: 1, dataset, metadata_key, quarantined_by: null, buried: null },
      event: {
        action: "catalog.register",
        before: null,
        after: dataset_id,
        details: { dataset_id, fingerprint },
      },
      written: [metadata_key],
    },
    answer: { dataset, created: true, evolved: false },
  };
}

async function again(
  parts: CatalogParts,
  input: RegisterInput,
  held: Held,
  call: Call,
): Promise<Step<Registered>> {
  const record = presentRecord(held, input.name);
  const { dataset } = record;
  if (dataset.status === "tombstoned") throw tombstonedError(input.name);
  const same = fingerprintOf(input.fields) === dataset.fingerprint;
  if (!same && !input.evolve) throw schemaDiffers(input.name, dataset.fields, input.fields);
  const properties = { ...dataset.properties, ...input.properties };
  const told = canonicalJson(properties) === canonicalJson(dataset.properties);
  // A broken dataset is first healed, if it can be, and then told of new properties.
  if (same && (told || dataset.status === "quarantined")) {
    return { answer: { dataset, created: false, evolved: false } };
  }
  if (!same) requireHealthy(record);
  const present = await parts.objects.metadata(record.metadata_key, call);
  if (same) return write(parts, held, record, present, { properties }, "catalog.describe", call);
  const fields = evolveFields(input.name, dataset.fields, input.fields, {
    last_field_id: present.last_field_id,
    has_rows: dataset.rows > 0,
  });
  const changes = { ...withSchema(present, fields), properties };
  return write(parts, held, record, present, changes, "catalog.evolve", call);
}

async function write(
  { objects, clock }: CatalogParts,
  held: Held,
  record: DatasetRecord,
  present: TableMetadata,
  changes: Partial<TableMetadata>,
  action: "catalog.describe" | "catalog.evolve",
  call: Call,
): Promise<Step<Registered>> {
  const { metadata, expired_keys } = follow(present, record.metadata_key, clock.now(), changes);
  const metadata_key = await objects.writeMetadata(held.version + 1, metadata, call);
  const dataset = toDataset(metadata, HEALTHY);
  const evolved = action === "catalog.evolve";
  const before = record.dataset;
  return {
    change: {
      record: { ...record, dataset, metadata_key },
      event: {
        action,
        before: evolved ? `schema:${before.schema_id}` : before.dataset_id,
        after: evolved ? `schema:${dataset.schema_id}` : dataset.dataset_id,
        details: {
          dataset_id: dataset.dataset_id,
          ...(evolved ? { difference: differenceOf(before.fields, dataset.fields) } : {}),
        },
      },
      written: [metadata_key],
      expired: expired_keys,
    },
    answer: { dataset, created: false, evolved },
  };
}
