// A dataset of many snapshots: all can be listed and read, and expire. A hundred or a thousand.
import assert from "node:assert/strict";
import { FIELDS, putFile, type OpenedCatalog } from "./open-catalog.suite.ts";

const DAY = 86_400_000;

interface House extends Pick<OpenedCatalog, "catalog" | "storage"> {
  readonly clock: { advance(ms: number): void };
}

/** Commits `count` times, looks at what came of it, and lets all but two snapshots expire. */
export async function readManySnapshots(house: House, count: number): Promise<void> {
  const { catalog, storage } = house;
  const name = "many";
  const { dataset } = await catalog.register({ name, fields: FIELDS });
  const file = await putFile(storage, `${dataset.location.replace(/^s3:\/\/[^/]+\//, "")}/data/f`);
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const change =
      n % 2 === 0
        ? { operation: "append" as const, added: [file] }
        : { operation: "delete" as const, removed_keys: [file.key] };
    ids.push((await catalog.commit({ name, ...change })).snapshot.snapshot_id);
    house.clock.advance(1);
  }
  const { snapshots } = await catalog.snapshots({ name, limit: count });
  assert.deepEqual(
    snapshots.map((one) => one.snapshot_id),
    ids.toReversed(),
  );
  for (const at of [0, 1, Math.floor(count / 2), count - 1]) {
    const { files } = await catalog.files({ name, at: ids[at]! });
    assert.equal(files.length, at % 2 === 0 ? 1 : 0);
  }
  house.clock.advance(10 * DAY);
  const done = await catalog.expire_snapshots({ name, retain_last: 2 });
  assert.equal(done.expired_snapshot_ids.length, count - 2);
  assert.equal((await catalog.snapshots({ name })).snapshots.length, 2);
}
