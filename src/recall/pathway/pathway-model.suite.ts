// Random operations over several scopes, beside a model so simple that it can be seen to be right.
import assert from "node:assert/strict";
import { toLakehouseError, type LakehouseError } from "#kernel/problem.ts";
import { seededRandom, type Random } from "#kernel/random.ts";
import type { openPathway } from "./open-pathway.suite.ts";

type Client = Awaited<ReturnType<typeof openPathway>>["client"];

interface ModelTrace {
  readonly id: string;
  readonly scope: number;
  content: string;
  retired: boolean;
  replaced: boolean;
  newer: ModelTrace | undefined;
  /** What it said before it was corrected in place. */
  readonly earlier: string[];
  evidence: number;
  successes: number;
  failures: number;
}

export interface ModelRun {
  readonly operations: number;
  readonly searches: number;
  readonly refused: number;
  readonly traces: number;
}

const ALL_SCOPES = [
  { tenant: "acme", agent: "bot", task_class: "ops" },
  { tenant: "acme", agent: "bot", task_class: "sales" },
  { tenant: "acme", agent: "aide", task_class: "ops" },
  { tenant: "bolt", agent: "bot", task_class: "ops" },
  // What a careless key would take for one of the others.
  { tenant: 'acme","bot', agent: "ops", task_class: "x" },
];
const WORDS = "red blue green chair table lamp north south old new".split(" ");

/** Runs so many operations from a seed; throws at the first that differs from the model. */
export async function runModel(
  client: Client,
  seed: number,
  operations: number,
  sequence = "",
): Promise<ModelRun> {
  const scopes = ALL_SCOPES.map((scope) => ({ ...scope, tenant: scope.tenant + sequence }));
  const random = seededRandom(seed);
  const model = createModel(scopes);
  let searches = 0;
  let refused = 0;
  for (let step = 0; step < operations; step++) {
    const scope = random.int(scopes.length);
    const dice = random.next();
    try {
      if (dice < 0.3) {
        await compareSearch(client, model, scope, random);
        searches++;
      } else if (!(await change(client, model, scope, dice, random, step))) refused++;
    } catch (error) {
      throw new Error(`seed ${seed}, step ${step}: ${String(error)}`, { cause: error });
    }
  }
  await compareAll(client, model);
  return { operations, searches, refused, traces: model.all.length };
}

function createModel(scopes: readonly (typeof ALL_SCOPES)[number][]) {
  const all: ModelTrace[] = [];
  const by_id = new Map<string, ModelTrace>();
  const status = (one: ModelTrace) =>
    one.retired ? "retired" : one.replaced ? "superseded" : "active";
  return {
    scopes,
    all,
    by_id,
    status,
    open(id: string, scope: number, content: string): void {
      const zero = { retired: false, replaced: false, newer: undefined, successes: 0, failures: 0 };
      const one = { id, scope, content, evidence: 1, ...zero, earlier: [] };
      all.push(one);
      by_id.set(id, one);
    },
    active: (scope: number) => all.filter((one) => one.scope === scope && status(one) === "active"),
  };
}

type Model = ReturnType<typeof createModel>;

function contentOf(random: Random, step: number): string {
  const words = Array.from({ length: 3 }, () => random.pick(WORDS));
  // Half of them come up again and again, half are new.
  return random.next() < 0.5 ? words.join(" ") : `${words.join(" ")} s${step}`;
}

/** Any trace of any scope: mostly one of this scope, sometimes somebody else's. */
function pick(model: Model, scope: number, random: Random): ModelTrace | undefined {
  if (model.all.length === 0) return undefined;
  const recent = model.all.slice(-60);
  const own = recent.filter((one) => one.scope === scope);
  return random.next() < 0.8 && own.length > 0 ? random.pick(own) : random.pick(recent);
}

/** One change; false when it was refused, as the model says it must be. */
async function change(
  client: Client,
  model: Model,
  scope: number,
  dice: number,
  random: Random,
  step: number,
): Promise<boolean> {
  const where = model.scopes[scope]!;
  const content = contentOf(random, step);
  const target = pick(model, scope, random);
  if (dice < 0.55 || target === undefined) return add(client, model, scope, content);
  const pathway_id = target.id;
  const ask = async () => {
    if (dice < 0.65) return client.update({ ...where, pathway_id, content });
    if (dice < 0.8) return client.revise({ ...where, pathway_id, content });
    if (dice < 0.88) return client.retire({ ...where, pathway_id });
    return client.outcome({ ...where, pathway_id, success: random.next() < 0.5 });
  };
  const foreign = target.scope !== scope;
  const changed = dice < 0.8 && model.status(target) !== "active";
  const standing = standingOf(model, scope, content);
  const answer = await ask().catch((thrown: unknown) => toLakehouseError(thrown));
  if (answer instanceof Error) {
    const { reason } = answer;
    if (foreign) assert.equal(reason, "no_such_pathway");
    else if (changed) assertHint(model, answer, target);
    else assert.equal(reason, refusalOfChange(standing, dice < 0.65 ? target : undefined));
    return false;
  }
  assert.ok(!foreign, "another scope's trace was changed");
  assert.ok(!changed, "a trace that is not active was changed");
  if (dice < 0.8) {
    const same = dice < 0.65 ? target : undefined;
    assert.equal(refusalOfChange(standing, same), undefined, "content that should be refused");
  }
  if (dice < 0.65) {
    if (target.content !== content) target.earlier.push(target.content);
    target.content = content;
  } else if (dice < 0.8) {
    target.replaced = true;
    model.open(answer.pathway_id, scope, content);
    target.newer = model.by_id.get(answer.pathway_id);
  } else if (dice < 0.88) target.retired = true;
  else if (answer.successes > target.successes) target.successes++;
  else target.failures++;
  return true;
}

/** A change that came too late names what may be changed instead, where there is such a trace. */
function assertHint(model: Model, { reason, hint }: LakehouseError, target: ModelTrace): void {
  const newest = newestOf(target);
  assert.equal(reason, newest.retired ? "retired" : model.status(target));
  assert.equal(hint, newest.retired ? "add anew" : `change ${newest.id} instead`);
}

type Standing = "new" | "active" | "corrected" | "superseded" | "retired";

/** How a content stands in a scope, and the trace that makes it so. */
function standingOf(model: Model, scope: number, content: string): [Standing, ModelTrace?] {
  const mine = model.all.filter((one) => one.scope === scope);
  const now = mine.filter((one) => one.content === content);
  const said = mine.filter((one) => one.content === content || one.earlier.includes(content));
  const is = (status: string) => (one: ModelTrace) => model.status(one) === status;
  const active = now.find(is("active"));
  if (active !== undefined) return ["active", active];
  const retired = now.find(is("retired"));
  if (retired !== undefined) return ["retired", retired];
  const older = said.find((one) => is("superseded")(one) && !newestOf(one).retired);
  if (older !== undefined) return ["superseded", newestOf(older)];
  const corrected = said.find(is("active"));
  if (corrected !== undefined) return ["corrected", corrected];
  const gone = said.find(is("retired"));
  return gone === undefined ? ["new"] : ["retired", gone];
}

/** Why this content may not be the text of a changed trace; `same`: the trace that stays. */
function refusalOfChange([standing, trace]: [Standing, ModelTrace?], same?: ModelTrace) {
  if (standing === "retired") return "retired_content";
  return standing === "active" && trace !== same ? "duplicate_content" : undefined;
}

async function add(client: Client, model: Model, scope: number, content: string): Promise<boolean> {
  const where = model.scopes[scope]!;
  const [standing, expected] = standingOf(model, scope, content);
  try {
    const { pathway, result } = await client.add({ ...where, content });
    assert.equal(result, standing === "new" ? "added" : "merged");
    if (standing === "new") model.open(pathway.pathway_id, scope, content);
    else {
      assert.ok(standing === "active" || standing === "corrected", `merged, but ${standing}`);
      const known = model.by_id.get(pathway.pathway_id)!;
      assert.equal(model.status(known), "active", "merged into what no search finds");
      known.evidence++;
    }
    return true;
  } catch (thrown) {
    const { reason, message, extra } = toLakehouseError(thrown);
    assert.equal(reason, `${standing}_content`, String(thrown));
    if (standing === "superseded") {
      assert.equal(extra["pathway_id"], expected!.id);
      assert.ok(message.includes(expected!.id), message);
    }
    return false;
  }
}

async function compareSearch(client: Client, model: Model, scope: number, random: Random) {
  const word = random.pick(WORDS);
  const include_superseded = random.next() < 0.2;
  const { hits } = await client.search({
    ...model.scopes[scope]!,
    query_text: word,
    mode: random.next() < 0.5 ? "lexical" : "mixed",
    k: 5,
    include_superseded,
    remember_recall: false,
  });
  const above = new Set<string>();
  for (const { pathway } of hits) {
    const known = model.by_id.get(pathway.pathway_id);
    assert.ok(known !== undefined, "a trace that nobody added");
    assert.equal(known.scope, scope, "a trace of another scope leaked");
    assert.equal(known.retired, false, "a retired trace was recalled");
    if (!include_superseded) assert.equal(known.replaced, false, "a superseded trace was recalled");
    assert.equal(pathway.content, known.content);
    above.add(known.id);
    const newest = newestOf(known);
    assert.ok(!newest.retired, "a version of a chain that ended was recalled");
    assert.ok(above.has(newest.id), "a superseded trace above the newest");
  }
  const matching = model.active(scope).filter((one) => one.content.split(" ").includes(word));
  assert.ok(hits.length >= Math.min(5, matching.length), "fewer hits than match");
}

function newestOf(trace: ModelTrace): ModelTrace {
  let at = trace;
  while (at.newer !== undefined) at = at.newer;
  return at;
}

/** Every trace, field by field, and the counts of each scope. */
async function compareAll(client: Client, model: Model): Promise<void> {
  for (const [scope, where] of model.scopes.entries()) {
    const mine = model.all.filter((one) => one.scope === scope);
    const { traces, active } = await client.stats(where);
    assert.deepEqual([traces, active], [mine.length, model.active(scope).length]);
    const seen = new Set<string>();
    let after: string | undefined;
    do {
      const page = await client.list({ ...where, limit: 1000, ...(after ? { after } : {}) });
      for (const one of page.pathways) {
        const known = model.by_id.get(one.pathway_id)!;
        const { content, status, evidence, successes, failures } = one;
        assert.deepEqual(
          { scope, content, status, evidence, successes, failures },
          {
            scope: known.scope,
            content: known.content,
            status: model.status(known),
            evidence: known.evidence,
            successes: known.successes,
            failures: known.failures,
          },
        );
        seen.add(one.pathway_id);
      }
      after = page.next_after ?? undefined;
    } while (after !== undefined);
    assert.equal(seen.size, mine.length);
  }
}
