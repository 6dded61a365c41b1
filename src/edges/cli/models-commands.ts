// Commands on models: which there are, whether one answers and how fast, and fetching weights.
import type { Command } from "commander";
import { LakehouseError } from "#kernel/problem.ts";
import type { CliHost, KnownWeights, PullTarget } from "./cli-host.ts";
import { isHttp, type CommandKit, type Session } from "./command-kit.ts";
import { bold, dim, green, humanBytes, humanTime, red, table } from "./output.ts";

export function addModelsCommands(program: Command, kit: CommandKit): void {
  const models = program.command("models").description("list models, test one, fetch weights");
  models
    .command("list")
    .description("providers, their models, and weights that can be pulled")
    .action(() => kit.withHouse((session) => listModels(kit, session)));
  models
    .command("test")
    .description("one short answer: does it come, and how fast")
    .argument("<model>", "provider/model or tier/<name>")
    .option("--prompt <text>", "what is said to it", "Say hello in one short sentence.")
    .action((model: string, { prompt }: { prompt: string }) =>
      kit.withHouse((session) => testModel(session, model, prompt)),
    );
  models
    .command("pull")
    .description("fetch weights for local/<name>; goes on where an earlier pull broke off")
    .argument("<name>", "of the catalogue (models list), or any name with --from")
    .option("--from <url>", "a GGUF file at an address of your own; needs --sha256")
    .option("--sha256 <hex>", "hash that the file must have")
    .action((name: string, options: { from?: string; sha256?: string }) =>
      pullModel(kit, name, options),
    );
}

async function listModels(kit: CommandKit, { clients, output }: Session): Promise<void> {
  const [{ default_model, providers }, { data }, embedding, weights] = await Promise.all([
    clients.chat.providers({}),
    clients.chat.models({}),
    // It need not run where chat does.
    clients.embed.models({}).catch(() => ({ models: [] })),
    kit.host.weights(kit.globals()),
  ]);
  const models = data.map(({ id }) => id);
  const embedding_models = embedding.models.map(({ model }) => model);
  output.result({ default_model, providers, models, embedding_models, weights }, () => {
    const who = providers.map(({ name, kind, reachable, detail, circuit }) => [
      reachable && circuit !== "open" ? green("✓") : red("✗"),
      name,
      kind,
      circuit === "open" ? `${detail}; left alone for a while: it failed again and again` : detail,
    ]);
    return [
      table(["", "provider", "kind", "what it says"], who),
      "",
      bold(`models (default ${default_model})`),
      ...models.map((id) => `  ${id}${embedding_models.includes(id) ? dim(" (embeds)") : ""}`),
      "",
      table(["weights", "size", "license", "what"], weights.map(weightsRow)),
    ].join("\n");
  });
}

function weightsRow({ name, size_bytes, license, summary, there }: KnownWeights): string[] {
  const what = there ? `${summary} (there: local/${name})` : summary;
  return [name, humanBytes(size_bytes), license, what];
}

async function testModel(
  { clients, output }: Session,
  model: string,
  prompt: string,
): Promise<void> {
  const started_ms = performance.now();
  let first_token_ms: number | undefined;
  let text = "";
  let last: { finish_reason?: string; usage?: { completion_tokens: number }; notes?: string[] } =
    {};
  let full_name = model;
  const messages = [{ role: "user" as const, content: prompt }];
  for await (const piece of clients.chat.stream({ model, messages, max_tokens: 32 })) {
    if (piece.content !== "") first_token_ms ??= performance.now() - started_ms;
    text += piece.content;
    full_name = piece.model;
    last = piece as typeof last;
  }
  if (!isOf(full_name, model)) throw stoodIn(model, full_name);
  const duration_ms = performance.now() - started_ms;
  const { finish_reason, usage, notes = [] } = last;
  const tokens = usage?.completion_tokens ?? 0;
  const answer = {
    model: full_name,
    text,
    finish_reason,
    first_token_ms,
    duration_ms,
    usage,
    notes,
  };
  output.result(answer, () => {
    const first = first_token_ms === undefined ? "no text" : humanTime(first_token_ms);
    const figures = `first token ${first}, whole ${humanTime(duration_ms)}, ${tokens} tokens`;
    const lines = [`${green("✓")} ${full_name}: ${figures}, ${finish_reason}`, text.trim()];
    return [...lines, ...notes.map((note) => dim(note))].join("\n");
  });
}

/** Who answered is who was asked; of a tier, and of a name without provider, it cannot be told. */
function isOf(full_name: string, asked: string): boolean {
  if (!asked.includes("/") || asked.startsWith("tier/")) return true;
  return full_name === asked || full_name.endsWith(`/${asked}`);
}

function stoodIn(model: string, by: string): LakehouseError {
  return new LakehouseError("unavailable", `${model} did not answer, ${by} stood in for it`, {
    reason: "stood_in",
    hint: "lakehouse usage --by model counts its errors; the server's log says why",
  });
}

async function pullModel(
  kit: CommandKit,
  name: string,
  options: { from?: string; sha256?: string },
): Promise<void> {
  const output = kit.output();
  const target = await pullTarget(kit.host, kit, name, options);
  output.note(`${name}: sha256 ${target.sha256} is pinned`);
  const progress = output.progress();
  const pulled = await kit.host.pullWeights(kit.globals(), target, (one) => {
    const share =
      one.total_bytes > 0 ? `${Math.floor((100 * one.done_bytes) / one.total_bytes)} %` : "";
    progress.update(`${one.step} ${one.detail}  ${humanBytes(one.done_bytes)}  ${share}`);
  });
  progress.end();
  output.result(pulled, () => {
    const how = pulled.fetched ? "fetched and checked" : "was there, checked again";
    return [
      `${green("✓")} ${pulled.path}: ${humanBytes(pulled.size_bytes)}, ${how}`,
      dim(`sha256 ${pulled.sha256}`),
      pulled.path.endsWith(".gguf")
        ? `ask it: lakehouse chat -m local/${pulled.name} "Hello"`
        : `new indexes use it once the settings say: [embed] model = "${pulled.name}"`,
    ].join("\n");
  });
}

async function pullTarget(
  host: CliHost,
  kit: CommandKit,
  name: string,
  { from, sha256 }: { from?: string; sha256?: string },
): Promise<PullTarget> {
  if (from !== undefined) {
    if (!isHttp(from)) {
      throw new LakehouseError("invalid", `--from needs http:// or https://, not ${from}`);
    }
    const hash = sha256?.toLowerCase() ?? "";
    if (/^[0-9a-f]{64}$/.test(hash)) return { name, url: from, sha256: hash };
    throw new LakehouseError("invalid", "--from needs --sha256 with 64 hex digits", {
      hint: "whoever publishes the file publishes its hash: weights are never taken on trust",
    });
  }
  const known = await host.weights(kit.globals());
  const found = known.find((one) => one.name === name);
  if (found !== undefined) return { name, sha256: found.sha256 };
  throw new LakehouseError("not_found", `no weights named ${name} are in the catalogue`, {
    reason: "no_such_model",
    hint: `there are: ${known.map((one) => one.name).join(", ")}; others with --from and --sha256`,
  });
}
