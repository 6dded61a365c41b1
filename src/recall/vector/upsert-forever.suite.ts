// A child process of the tests: changes an index without end and prints what was acknowledged.
import { openVector } from "./open-vector.suite.ts";

const [root, start] = process.argv.slice(2) as [string, string];
const { client } = await openVector(root, {
  // In memory at first, then from the files.
  settings: { dead_share_max: 0.2, log_items_max: 150, memory_mapped_min_items: 400 },
});
await client.create({ index: "kept" });

/** Puts new items, replaces some of them and removes others; each line says what must hold. */
async function change(lane: number): Promise<void> {
  for (let round = Number(start); ; round++) {
    const items = Array.from({ length: 10 }, (_, at) => ({
      id: `${lane}-${round}-${at}`,
      text: `lane ${lane} round ${round} item ${at}`,
      metadata: { lane, round },
    }));
    await client.upsert({ index: "kept", items });
    process.stdout.write(items.map(({ id }) => `+${id}\n`).join(""));
    const again = items.slice(0, 3).map((item) => ({ ...item, text: `${item.text} changed` }));
    await client.upsert({ index: "kept", items: again });
    process.stdout.write(again.map(({ id }) => `~${id}\n`).join(""));
    await client.remove({ index: "kept", ids: [items[9]!.id] });
    process.stdout.write(`-${items[9]!.id}\n`);
  }
}

async function rebuildForever(): Promise<void> {
  for (;;) {
    const { generation } = await client.rebuild({ index: "kept" });
    process.stdout.write(`*${generation}\n`);
  }
}

await Promise.all([change(1), change(2), rebuildForever()]);
