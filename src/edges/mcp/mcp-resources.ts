// The resources of the house: datasets, their schemas, playbooks; listed page by page.
import type { Clients } from "#contracts/all-contracts.ts";
import type { Dataset } from "#contracts/table-nouns.ts";
import type { Call } from "#kernel/call.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { JsonObject } from "./mcp-tool.ts";

const ROOT = "lakehouse://";
/** Each dataset is listed with its schema beside it. */
const DATASETS_A_PAGE = 50;
const PLAYBOOKS_A_PAGE = 100;
const MIME = "application/json";

export interface McpResource {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  readonly annotations: { readonly lastModified: string };
}

/** Forms of the URIs above, with `{…}` for what varies (RFC 6570). */
export const RESOURCE_TEMPLATES = [
  {
    uriTemplate: `${ROOT}datasets/{name}`,
    name: "dataset",
    title: "Dataset",
    description: "A dataset: status, fields, snapshots, rows, size.",
    mimeType: MIME,
  },
  {
    uriTemplate: `${ROOT}datasets/{name}/schema`,
    name: "dataset_schema",
    title: "Schema of a dataset",
    description: "Fields with types, and how rows are divided over files.",
    mimeType: MIME,
  },
  {
    uriTemplate: `${ROOT}playbooks/{playbook_id}`,
    name: "playbook",
    title: "Playbook",
    description: "A query whose best answer is known, with its history.",
    mimeType: MIME,
  },
] as const;

export interface ResourcePage {
  readonly resources: readonly McpResource[];
  readonly next_cursor: string | undefined;
}

type ResourceClients = Pick<Clients, "catalog" | "playbook">;

/** Datasets by name, then playbooks as their list has them; `invalid` for a cursor not ours. */
export async function listResources(
  clients: ResourceClients,
  cursor: string | undefined,
  call: Call,
): Promise<ResourcePage> {
  const [section, after] = cursor === undefined ? ["datasets", ""] : readCursor(cursor);
  if (section === "playbooks") return playbookPage(clients, after === "" ? undefined : after, call);
  const { datasets } = await clients.catalog.list({}, call);
  const rest = datasets
    .filter((one) => one.name > after)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const page = rest.slice(0, DATASETS_A_PAGE);
  const resources = page.flatMap(datasetResources);
  if (rest.length > page.length) {
    return { resources, next_cursor: writeCursor("datasets", page.at(-1)!.name) };
  }
  const { total } = await clients.playbook.list({ limit: 1 }, call);
  return { resources, next_cursor: total > 0 ? writeCursor("playbooks", "") : undefined };
}

async function playbookPage(
  clients: ResourceClients,
  after: string | undefined,
  call: Call,
): Promise<ResourcePage> {
  const page = { limit: PLAYBOOKS_A_PAGE, ...(after === undefined ? {} : { after }) };
  const { playbooks, next_after } = await clients.playbook.list(page, call);
  const resources = playbooks.map((one) => ({
    uri: `${ROOT}playbooks/${encodeURIComponent(one.playbook_id)}`,
    name: one.playbook_id,
    title: `Playbook of ${one.answer_id}`,
    description: `${one.status}, scope ${one.scope}, evidence ${one.evidence}`,
    mimeType: MIME,
    annotations: { lastModified: one.updated_at },
  }));
  const next_cursor = next_after === null ? undefined : writeCursor("playbooks", next_after);
  return { resources, next_cursor };
}

function datasetResources(one: Dataset): McpResource[] {
  const uri = `${ROOT}datasets/${one.name}`;
  const common = { mimeType: MIME, annotations: { lastModified: one.updated_at } };
  const about = `${one.status}, ${one.rows} rows, ${one.fields.length} fields`;
  const title = `Dataset ${one.name}`;
  return [
    { uri, name: one.name, title, description: about, ...common },
    {
      uri: `${uri}/schema`,
      name: `${one.name} schema`,
      title: `Schema of ${one.name}`,
      description: `${one.fields.length} fields with types`,
      ...common,
    },
  ];
}

/** What a resource says; `not_found` for any other URI. */
export async function readResource(
  clients: ResourceClients,
  uri: string,
  call: Call,
): Promise<JsonObject> {
  const [kind, id, part, ...more] = partsOf(uri);
  if (id === undefined || more.length > 0) throw unknownResource(uri);
  if (kind === "playbooks" && part === undefined) {
    return clients.playbook.get({ playbook_id: id }, call);
  }
  if (kind !== "datasets" || (part !== undefined && part !== "schema")) throw unknownResource(uri);
  const dataset = await clients.catalog.get({ name: id }, call);
  if (part === undefined) return dataset;
  const { name, schema_id, fields, partition_by, current_snapshot_id } = dataset;
  return { name, schema_id, fields, partition_by, current_snapshot_id };
}

function partsOf(uri: string): string[] {
  if (!uri.startsWith(ROOT)) return [];
  try {
    return uri.slice(ROOT.length).split("/").map(decodeURIComponent);
  } catch {
    return [];
  }
}

function unknownResource(uri: string): LakehouseError {
  const message = `there is no resource ${uri.slice(0, 200)}`;
  return new LakehouseError("not_found", message, { reason: "no_such_resource" });
}

export function writeCursor(section: string, after: string): string {
  return Buffer.from(JSON.stringify([1, section, after])).toString("base64url");
}

/** A cursor of somebody else's would skip entries without a word. */
export function readCursor(cursor: string): [section: string, after: string] {
  try {
    const parts = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
    const [version, section, after] = parts;
    if (version === 1 && typeof section === "string" && typeof after === "string") {
      return [section, after];
    }
  } catch {
    // Told below, as any other cursor that is not one.
  }
  const message = "cursor must be the nextCursor of the page before";
  throw new LakehouseError("invalid", message, { reason: "bad_cursor" });
}
