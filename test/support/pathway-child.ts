// A process that works on pathway memory until it is killed, its disk is full, or all is done.
import { writeSync } from "node:fs";
import { connectHttp } from "#kernel/connect-http.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { systemClock } from "#kernel/clock.ts";
import type { Client } from "#kernel/contract.ts";
import { silentLog } from "#kernel/log.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import { embed } from "#contracts/embed.ts";
import { pathwayContract } from "#contracts/pathway.ts";
import { createPathway } from "#recall/pathway/pathway-service.ts";
import { pathwaySettings } from "#recall/pathway/pathway-settings.ts";

export const CHILD_SCOPE = { tenant: "crash", agent: "child", task_class: "work" };

/** Said after the house acknowledged it. */
export interface PathwayAck {
  readonly op: "add" | "revise" | "retire" | "outcome";
  readonly pathway_id: string;
  readonly content?: string;
}

type PathwayClient = Client<typeof pathwayContract>;

const FULL_MAX = 20;

/** The service alone, without meaning: what is tested is the log. */
export async function openWordsOnly(dir: string) {
  // Port 9 answers nobody, and nobody asks it: without meaning no text is embedded.
  const nobody = connectHttp(embed, { url: "http://127.0.0.1:9" }).client;
  // Snapshots often: kills and full disks must meet them too.
  const settings = pathwaySettings.parse({ dense: false, snapshot_rows_min: 40 });
  const needs = { embed: nobody, dir, log: silentLog, clock: systemClock };
  const service = await createPathway(needs, settings);
  return { service, client: connectLocal(pathwayContract, service.handlers) };
}

if (process.argv[1]?.endsWith("pathway-child.ts") === true) {
  const [mode, where = "", name = "", count = "0"] = process.argv.slice(2);
  if (mode === "write") await writeOverHttp(where, name, Number(count));
  else {
    const { client } = await openWordsOnly(where);
    say("ready");
    await Promise.all([0, 1, 2].map((lane) => work(client, `${name}-${lane}`)));
  }
}

function say(text: string): void {
  writeSync(1, `${text}\n`);
}

function acknowledge(ack: PathwayAck): void {
  say(`ack ${JSON.stringify(ack)}`);
}

async function work(client: PathwayClient, name: string): Promise<void> {
  let full = 0;
  for (let turn = 0; full < FULL_MAX; turn++) {
    try {
      await oneTurn(client, `${name}-${turn}`, turn);
    } catch (thrown) {
      const { reason } = toLakehouseError(thrown);
      if (reason !== "log_unwritable") throw thrown;
      full++;
      say("full");
    }
  }
}

async function oneTurn(client: PathwayClient, name: string, turn: number): Promise<void> {
  const content = `what ${name} tried ${"and tried again ".repeat(turn % 7)}`.trim();
  const { pathway } = await client.add({ ...CHILD_SCOPE, content });
  const { pathway_id } = pathway;
  acknowledge({ op: "add", pathway_id, content });
  if (turn % 3 === 0) {
    const input = { ...CHILD_SCOPE, pathway_id, content: `${content}, better` };
    const newer = await client.revise(input);
    acknowledge({ op: "revise", pathway_id: newer.pathway_id, content: input.content });
  }
  if (turn % 4 === 1) {
    await client.outcome({ ...CHILD_SCOPE, pathway_id, success: true });
    acknowledge({ op: "outcome", pathway_id });
  }
  if (turn % 5 === 2) {
    await client.retire({ ...CHILD_SCOPE, pathway_id });
    acknowledge({ op: "retire", pathway_id });
  }
}

/** Half of what a writer says is in a scope it shares with the others, half in its own. */
async function writeOverHttp(url: string, name: string, count: number): Promise<void> {
  const { client, close } = connectHttp(pathwayContract, { url });
  const LANES = 16;
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    for (let at = lane; at < count; at += LANES) {
      const tenant = at % 2 === 0 ? "shared" : name;
      const content = { writer: name, number: at };
      await client.add({ ...CHILD_SCOPE, tenant, content });
    }
  });
  await Promise.all(lanes);
  await close();
}
