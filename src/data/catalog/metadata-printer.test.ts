// The quick printer of metadata says what the plain one says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newTableMetadata, parseTableMetadata, withSnapshot } from "./iceberg/table-metadata.ts";
import { toIcebergSchema } from "./iceberg/table-schema.ts";
import { createMetadataPrinter } from "./metadata-printer.ts";

test("metadata printed again and again reads back as it is", () => {
  const print = createMetadataPrinter();
  const fields = [{ name: "id", type: "long", nullable: false, field_id: 1 }];
  let metadata = newTableMetadata({
    uuid: "01a1fe81-f0a2-754b-81e5-35a49ee791f2",
    location: "s3://b/t",
    schema: toIcebergSchema(fields, 0),
    properties: { odd: '"snapshots":[]', "snapshot-id": "1" },
    now_ms: 5,
  });
  assert.deepEqual(parseTableMetadata(print(metadata)), metadata);
  for (let n = 1; n <= 3; n++) {
    const snapshot = {
      "snapshot-id": `${n}234567890123456789`,
      "sequence-number": n,
      "timestamp-ms": 5 + n,
      "manifest-list": `s3://b/t/metadata/${n}.avro`,
      summary: { operation: "append", "snapshot-id": "12" },
      "schema-id": 0,
    };
    metadata = withSnapshot(metadata, snapshot, 5 + n);
    const text = print(metadata);
    assert.deepEqual(parseTableMetadata(text), metadata);
    assert.ok(text.includes(`"snapshot-id":${n}234567890123456789`), text);
  }
});
