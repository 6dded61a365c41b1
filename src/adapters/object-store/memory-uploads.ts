// Uploads in parts in memory, for tests of other services.
import { newId } from "#kernel/ids.ts";
import type { ByteStream } from "#kernel/contract.ts";
import type {
  MultipartStore,
  PutConditions,
  StoredObject,
  Upload,
  UploadPart,
} from "#ports/object-store.ts";
import { checkPart, noSuchUpload, tooLarge } from "./object-conditions.ts";
import { checkKey, compareKeys } from "./object-key.ts";

export interface MemoryUploadParts {
  readAll(key: string, body: ByteStream, bytes_max: number): Promise<Buffer>;
  keep(
    key: string,
    bytes: Buffer,
    options: PutConditions & {
      content_type?: string | undefined;
      attributes: Readonly<Record<string, string>>;
    },
  ): StoredObject;
}

interface Held {
  readonly upload: Upload;
  readonly parts: Map<number, { readonly part: UploadPart; readonly bytes: Buffer }>;
}

export function createMemoryUploads({ readAll, keep }: MemoryUploadParts): MultipartStore {
  const held = new Map<string, Held>();
  let writes = 0;

  const find = (upload_id: string): Held => {
    const one = held.get(upload_id);
    if (one === undefined) throw noSuchUpload(upload_id);
    return one;
  };

  return {
    async start(key, { content_type, attributes = {} }) {
      checkKey(key);
      const started_at = new Date().toISOString();
      const upload = { upload_id: newId(), key, started_at, content_type, attributes };
      held.set(upload.upload_id, { upload, parts: new Map() });
      return upload;
    },
    async find(upload_id, { after_part = 0, limit = Infinity } = {}) {
      const one = held.get(upload_id);
      if (one === undefined) return undefined;
      const parts = [...one.parts.values()]
        .map(({ part }) => part)
        .filter((part) => part.part_number > after_part)
        .toSorted((a, b) => a.part_number - b.part_number);
      return { upload: one.upload, parts: parts.slice(0, limit) };
    },
    async putPart(upload_id, part_number, body, { bytes_max, attributes = {} }) {
      const bytes = await readAll(find(upload_id).upload.key, body, bytes_max);
      const part: UploadPart = {
        part_number,
        etag: `"p${++writes}"`,
        size_bytes: bytes.length,
        modified_at: new Date().toISOString(),
        attributes,
      };
      find(upload_id).parts.set(part_number, { part, bytes });
      return part;
    },
    async complete(upload_id, named, { bytes_max, attributes, ...conditions }) {
      const { upload, parts } = find(upload_id);
      for (const one of named) checkPart(one, parts.get(one.part_number)?.part.etag);
      const bytes = Buffer.concat(named.map((one) => parts.get(one.part_number)!.bytes));
      if (bytes.length > bytes_max) throw tooLarge(upload.key, bytes_max);
      const object = keep(upload.key, bytes, {
        ...conditions,
        content_type: upload.content_type,
        attributes: { ...upload.attributes, ...attributes },
      });
      held.delete(upload_id);
      return object;
    },
    abort: async (upload_id) => held.delete(upload_id),
    async list(prefix) {
      const uploads = [...held.values()].map(({ upload }) => upload);
      // The map is in order of start, and sorting keeps it among equal keys.
      return uploads
        .filter(({ key }) => key.startsWith(prefix))
        .toSorted((a, b) => compareKeys(a.key, b.key));
    },
  };
}
