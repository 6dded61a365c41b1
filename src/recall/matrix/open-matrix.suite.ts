// The matrix on a real lake, real indexes and a real playbook below one folder, for the tests.
import { join } from "node:path";
import { matrix } from "#contracts/matrix.ts";
import { fixedClock } from "#kernel/clock.ts";
import { connectLocal } from "#kernel/connect-local.ts";
import { silentLog } from "#kernel/log.ts";
import { createExactEngine } from "#adapters/vector-index/exact-vector-index.ts";
import { openLake, type Lake } from "#data/ingest/open-lake.suite.ts";
import { openPlaybook } from "#recall/playbook/open-playbook.suite.ts";
import { openVector } from "#recall/vector/open-vector.suite.ts";
import type { AnswerPlaces } from "#ports/answer-places.ts";
import type { Connect } from "../../../test/support/each-transport.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { createMatrix } from "./matrix-service.ts";
import { matrixSettings } from "./matrix-settings.ts";

export interface MatrixOptions {
  readonly connect?: Connect;
  readonly settings?: Parameters<typeof matrixSettings.parse>[0];
  /** A lake for corpora from datasets; absent: there are none. */
  readonly lake?: Lake;
  readonly dir?: string;
}

export async function openMatrix(t: HasAfter, options: MatrixOptions = {}) {
  const dir = options.dir ?? (await tempDir(t));
  const clock = fixedClock(1_800_000_000_000);
  const known: { places?: AnswerPlaces } = {};
  const places = () => known.places;
  const remembering = await openPlaybook(t, { dir: join(dir, "playbook"), clock, places });
  const indexing = await openVector(join(dir, "vector"), {
    embed: remembering.embed,
    engine: createExactEngine(),
  });
  const lake = options.lake ?? (await openLake(t));
  const service = await createMatrix(
    {
      vector: indexing.client,
      playbook: remembering.client,
      embed: remembering.embed,
      query: lake.query,
      catalog: lake.catalog,
      dir: join(dir, "matrix"),
      log: silentLog,
      clock,
    },
    matrixSettings.parse(options.settings ?? {}),
  );
  known.places = service.places;
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= service.stop().then(() => indexing.close()));
  t.after(stop);
  const connect: Connect =
    options.connect ?? (async (contract, h) => connectLocal(contract, h, { strict: true }));
  const client = await connect(matrix, service.handlers);
  const { client: playbook, embed } = remembering;
  return { client, playbook, embed, vector: indexing.client, lake, clock, dir, places, stop };
}

export type OpenedMatrix = Awaited<ReturnType<typeof openMatrix>>;

/** Builds a corpus to the end; answers its last progress. */
export async function build(
  { client }: Pick<OpenedMatrix, "client">,
  input: Parameters<OpenedMatrix["client"]["build"]>[0],
) {
  let last: { items_done: number; items_total: number; corpus: unknown } | undefined;
  for await (const step of client.build(input)) last = step;
  return last!;
}
