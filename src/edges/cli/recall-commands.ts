// Commands on finding again: corpus, search; playbooks have a file of their own.
import type { Command } from "commander";
import type { MatrixHit } from "#contracts/matrix.ts";
import { LakehouseError } from "#kernel/problem.ts";
import type { CorpusRecipeInfo } from "./cli-host.ts";
import { parsePairs, repeated, wholeNumber, type CommandKit, type Session } from "./command-kit.ts";
import { bold, dim, green, humanAmount, humanCount, humanTime, table, yellow } from "./output.ts";
import { addPlaybook, describeMatch } from "./playbook-commands.ts";

export function addRecallCommands(program: Command, kit: CommandKit): void {
  addCorpus(program, kit);
  addSearch(program, kit);
  addPlaybook(program, kit);
}

interface BuildOptions {
  dataset?: string;
  idColumn?: string;
  template?: string;
  metadata?: string[];
  prefix: string;
  rowsMax?: number;
}

function addCorpus(program: Command, kit: CommandKit): void {
  const corpus = program.command("corpus").description("what search looks through");
  corpus
    .command("list", { isDefault: true })
    .description("all corpora")
    .action(() =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.matrix.corpora({});
        output.result(answer, () =>
          table(
            ["corpus", "items", "dataset", "built", "summary"],
            answer.corpora.map((one) => [
              one.corpus,
              humanCount(one.items),
              one.dataset,
              one.built_at,
              one.summary,
            ]),
          ),
        );
      }),
    );
  corpus
    .command("build [name]")
    .description(
      "build or refresh a corpus; without options: as the domains declare it, or all of them",
    )
    .option("--dataset <name>", "dataset whose rows become texts")
    .option("--id-column <column>", "column that names a row")
    .option("--template <text>", 'text of a row, e.g. "{role} in {city}: {notes}"')
    .option("--metadata <columns...>", "columns kept for filters")
    .option("--prefix <text>", "prefix of ids", "")
    .option("--rows-max <count>", "rows at most", wholeNumber(1, 1e9))
    .action((name: string | undefined, options: BuildOptions) =>
      kit.withHouse(async (session) => {
        for (const recipe of await chosenRecipes(kit, session, name, options)) {
          await buildCorpus(session, recipe, options.rowsMax);
        }
      }),
    );
  corpus
    .command("drop <name>")
    .description("delete a corpus and its index; the dataset stays")
    .action((name: string) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.matrix.drop({ corpus: name });
        output.result(answer, () => (answer.dropped ? `dropped ${name}` : `there is no ${name}`));
      }),
    );
}

async function chosenRecipes(
  kit: CommandKit,
  session: Session,
  name: string | undefined,
  options: BuildOptions,
): Promise<readonly CorpusRecipeInfo[]> {
  const { dataset, idColumn: id_column, template } = options;
  if (name !== undefined && dataset !== undefined) {
    if (id_column === undefined || template === undefined) {
      throw new LakehouseError("invalid", "--dataset needs --id-column and --template beside it");
    }
    const metadata_columns = options.metadata ?? [];
    const id_prefix = options.prefix;
    return [
      { corpus: name, summary: "", dataset, id_column, id_prefix, template, metadata_columns },
    ];
  }
  const known = await kit.host.recipes();
  const { datasets } = await session.clients.catalog.list({});
  const there = new Set(datasets.map((one) => one.name));
  const chosen = known.filter(
    (one) => (name ?? one.corpus) === one.corpus && there.has(one.dataset),
  );
  if (chosen.length > 0) return chosen;
  const list = known.map((one) => `${one.corpus} (of dataset ${one.dataset})`).join(", ");
  throw new LakehouseError("not_found", "no declared corpus fits the datasets that are there", {
    reason: "no_recipe",
    hint: `domains declare: ${list}; or give --dataset, --id-column and --template`,
  });
}

async function buildCorpus(
  session: Session,
  recipe: CorpusRecipeInfo,
  rows_max?: number,
): Promise<void> {
  const line = session.output.progress();
  const { corpus, summary, id_prefix, metadata_columns, ...source } = recipe;
  const steps = session.clients.matrix.build({
    corpus,
    summary,
    id_prefix,
    source: {
      kind: "dataset",
      ...source,
      metadata_columns: [...metadata_columns],
      ...(rows_max === undefined ? {} : { rows_max }),
    },
  });
  for await (const step of steps) {
    if (step.phase === "done") {
      line.end();
      const items = humanCount(step.corpus?.items ?? 0);
      session.output.item(step.corpus, () => `${green("✓")} ${corpus}: ${items} items`);
      continue;
    }
    const left_ms = (1000 * (step.items_total - step.items_done)) / Math.max(step.items_per_s, 1);
    const done = `${humanCount(step.items_done)} of ${humanCount(step.items_total)}`;
    line.update(
      `${corpus}: ${done}, ${humanCount(step.items_per_s)}/s, ${humanTime(left_ms)} left`,
    );
  }
}

interface SearchOptions {
  corpus?: string[];
  k: number;
  filter: string[];
  fact: string[];
  playbook: boolean;
  scope?: string;
  class?: string;
  rerank?: string | true;
  explain?: boolean;
}

function addSearch(program: Command, kit: CommandKit): void {
  program
    .command("search")
    .description("the best matches of many corpora, playbooks applied; or an honest nothing")
    .argument("<text...>", "what is looked for")
    .option("-c, --corpus <name...>", "only these corpora")
    .option("-k, --k <count>", "results", wholeNumber(1, 1000), 10)
    .option("--filter <field=value>", "condition on metadata (may be repeated)", repeated, [])
    .option("--fact <name=value>", "what is known beside the query: page, date, site", repeated, [])
    .option("--no-playbook", "without what was learned")
    .option("--scope <name>", "whose playbooks speak; default: default")
    .option("--class <name>", "kind of task, when it is known")
    .option("--rerank [model]", "put the best hits in the order of a reranker")
    .option("--explain", "show the components of each score and the playbooks considered")
    .action((words: string[], options: SearchOptions) =>
      kit.withHouse(async ({ clients, output }) => {
        const answer = await clients.matrix.search({
          query_text: words.join(" "),
          k: options.k,
          use_playbook: options.playbook,
          facts: parsePairs(options.fact),
          ...(options.scope === undefined ? {} : { playbook_scope: options.scope }),
          ...(options.class === undefined ? {} : { task_class: options.class }),
          ...(options.rerank === undefined ? {} : { rerank: options.rerank }),
          ...(options.corpus === undefined ? {} : { corpora: options.corpus }),
          ...(options.filter.length === 0 ? {} : { filters: parsePairs(options.filter) }),
        });
        output.result(answer, () => {
          const { relevance, results } = answer;
          const considered = options.explain ? answer.playbooks.map(describeMatch) : [];
          if (relevance.verdict === "nothing_relevant") {
            return [`${yellow("nothing relevant")}: ${relevance.reason}`, ...considered].join("\n");
          }
          const parts = [
            results.map((hit) => describeHit(hit, options.explain ?? false)).join("\n"),
            ...considered,
          ];
          parts.push(dim(`${humanAmount(results.length, "result")}, ${humanTime(answer.took_ms)}`));
          return parts.join("\n");
        });
      }),
    );
}

function describeHit(hit: MatrixHit, explain: boolean): string {
  const mark = hit.playbook === null ? "" : green(` ★ ${hit.playbook.effect}`);
  const head = `${String(hit.rank).padStart(3)}  ${bold(hit.id)} ${dim(hit.corpus)}${mark}`;
  const text = `     ${(hit.text ?? "").replaceAll(/\s+/g, " ").slice(0, 140)}`;
  const { cosine, bm25, mixed, rerank } = hit.components;
  const reranked = rerank === null ? {} : { rerank };
  const figures = {
    cosine,
    bm25,
    mixed,
    ...reranked,
    distance: hit.distance,
    before: hit.base_distance,
  };
  const shown = Object.entries(figures).map(
    ([name, value]) => `${name} ${value?.toFixed(3) ?? "–"}`,
  );
  return [head, text, ...(explain ? [dim(`     ${shown.join("  ")}`)] : [])].join("\n");
}
