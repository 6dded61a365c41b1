// A child that records without pause and says each acknowledged id, until it is killed.
import { writeSync } from "node:fs";
import { openPlaybook } from "./open-playbook.suite.ts";

const [dir = "", round = "0"] = process.argv.slice(2);
const { client } = await openPlaybook({ after: () => undefined }, { dir });

async function record(worker: number): Promise<void> {
  for (let turn = 0; ; turn++) {
    const { playbook } = await client.record({
      query_text: `query ${round} of worker ${worker} number ${turn}`,
      answer_id: `a${turn}`,
      answer_corpus: "things",
      score: 1,
    });
    writeSync(1, `${playbook.playbook_id}\n`);
  }
}

await Promise.all([0, 1, 2].map(record));
