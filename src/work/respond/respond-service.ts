// respond: a task in words to validated work – plan, retrieve, iterate, write down what it taught.
import type { Call } from "#kernel/call.ts";
import type { Client, OutputOf, ParsedInputOf } from "#kernel/contract.ts";
import type { Service } from "#kernel/lifecycle.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { Attempt, iterate } from "#contracts/iterate.ts";
import type { matrix, MatrixHit } from "#contracts/matrix.ts";
import type { respond, RespondAnswer } from "#contracts/respond.ts";
import type { Candidate, DomainPack } from "#ports/domain-pack.ts";
import { lessonsOf, type Lessons } from "./lessons.ts";
import { openOutcomeStore } from "./outcome-store.ts";
import { createRecorder, type RecorderNeeds, type TaskEnd } from "./recorder.ts";
import type { RespondSettings } from "./respond-settings.ts";
import { planTask, unplannedHash, type PlannedTask } from "./task-planner.ts";

export interface RespondNeeds extends RecorderNeeds {
  readonly matrix: Client<typeof matrix>;
  readonly iterate: Client<typeof iterate>;
  readonly packs: readonly DomainPack[];
  readonly kb_dir: string;
}

type Input = ParsedInputOf<(typeof respond)["operations"]["respond"]>;
type SearchAnswer = OutputOf<(typeof matrix)["operations"]["search"]>;
type IterateAnswer = OutputOf<(typeof iterate)["operations"]["iterate"]>;

const NO_LESSONS: Lessons = { record: [], outcomes: [], answer_ids: [] };

/** What came of drafting: work, an exhausted session, or a failed part of the house. */
interface Drafted {
  readonly status: "accepted" | "max_iter_exhausted" | "infra_error";
  readonly reason: string;
  readonly artifact: IterateAnswer["artifact"] | undefined;
  readonly history: readonly Attempt[];
  readonly model: string | null;
  readonly provider_kind: RespondAnswer["provider_kind"];
  readonly failed: LakehouseError | undefined;
}

export async function createRespond(
  needs: RespondNeeds,
  settings: RespondSettings,
): Promise<Service<typeof respond>> {
  const store = await openOutcomeStore(needs.kb_dir, needs.log);
  const recorder = createRecorder(needs, store);
  const counts = { accepted: 0, nothing_relevant: 0, max_iter_exhausted: 0, infra_error: 0 };

  async function run(input: Input, call: Call): Promise<RespondAnswer> {
    const started = performance.now();
    const planned = planTask(needs.packs, input.task, input.context, input.kind);
    const elapsed = (): number => performance.now() - started;
    if (planned === undefined) {
      return refuse(input, undefined, noPlanReason(needs.packs, input.kind), null, call, elapsed());
    }
    const found = await retrieve(needs.matrix, planned, input, call);
    if (found !== null && found.results.length === 0) {
      const { relevance } = found;
      const reason = relevance.reason === "" ? "nothing in the data fits" : relevance.reason;
      return refuse(input, planned, reason, relevance, call, elapsed());
    }
    const hits = found?.results ?? [];
    const drafted = await draft(needs.iterate, planned, hits, input, call);
    const lessons =
      drafted.status === "infra_error"
        ? NO_LESSONS
        : lessonsOf(planned.kind, drafted.artifact, drafted.history, hits, settings);
    const end = taskEnd(input, planned, hits, drafted, lessons, elapsed());
    const recorded = await write(input, planned, end, call);
    if (drafted.failed !== undefined) throw drafted.failed;
    return {
      ...answerHead(end, call),
      ...recorded,
      status: drafted.status === "accepted" ? "accepted" : "max_iter_exhausted",
      artifact: drafted.artifact ?? null,
      history: [...drafted.history],
      relevance: found?.relevance ?? null,
      retrieved: hits.map(toRetrieved),
      provider_kind: drafted.provider_kind,
    };
  }

  async function refuse(
    input: Input,
    planned: PlannedTask | undefined,
    reason: string,
    relevance: RespondAnswer["relevance"],
    call: Call,
    duration_ms: number,
  ): Promise<RespondAnswer> {
    const end: TaskEnd = {
      task: input.task,
      task_class: planned?.task_class ?? null,
      sig_hash: planned?.sig_hash ?? unplannedHash(input.task),
      status: "nothing_relevant",
      reason,
      iterations: 0,
      model: null,
      playbooks_applied: [],
      lessons: NO_LESSONS,
      event: planned?.plan.event ?? {},
      duration_ms,
    };
    const recorded = await write(input, undefined, end, call);
    return {
      ...answerHead(end, call),
      ...recorded,
      status: "nothing_relevant",
      artifact: null,
      history: [],
      relevance,
      retrieved: [],
      provider_kind: null,
    };
  }

  function write(input: Input, planned: PlannedTask | undefined, end: TaskEnd, call: Call) {
    counts[end.status as keyof typeof counts]++;
    const remember = planned !== undefined && end.status === "accepted" && input.record_playbook;
    const order = remember
      ? {
          // The words that later searches are made with: only like is compared with like.
          query_text: planned.plan.query_text,
          scope: input.playbook_scope,
          tags: [planned.task_class, `sig:${planned.sig_hash.slice(0, 12)}`],
        }
      : undefined;
    return recorder.record(end, order, call);
  }

  return {
    handlers: { respond: run },
    async health() {
      const recording_failures = recorder.failures();
      const figures = { ...counts, recording_failures };
      const reason = "outcomes or playbooks could not be recorded";
      if (recording_failures > 0) return { status: "degraded", figures: { ...figures, reason } };
      return { status: "ok", figures };
    },
    stop: () => store.close(),
  };
}

function noPlanReason(packs: readonly DomainPack[], kind: string | undefined): string {
  if (kind !== undefined) return `the task cannot be read as one of kind ${kind}`;
  const domains = packs.map((pack) => `${pack.name} (${pack.summary})`).join("; ");
  return `no domain here makes this its business; there are: ${domains || "none"}`;
}

/** null: the task needs no retrieval. Relevant hits only: what is off topic is not passed on. */
async function retrieve(
  client: Client<typeof matrix>,
  { plan }: PlannedTask,
  input: Input,
  call: Call,
): Promise<SearchAnswer | null> {
  if (plan.corpora.length === 0) return null;
  const answer = await client
    .search(
      {
        query_text: plan.query_text,
        corpora: [...plan.corpora],
        k: input.k,
        filters: plan.filters,
        use_playbook: input.use_playbook,
        playbook_scope: input.playbook_scope,
        ...(plan.relevance_floor === undefined ? {} : { relevance_floor: plan.relevance_floor }),
      },
      call,
    )
    .catch((thrown: unknown) => {
      const error = toLakehouseError(thrown);
      const { code, message, hint } = error;
      throw new LakehouseError(code, `retrieval failed: ${message}`, {
        reason: "retrieval_failed",
        ...(hint === undefined ? {} : { hint }),
        cause: error,
      });
    });
  if (answer.relevance.verdict === "relevant") return answer;
  return { ...answer, results: [] };
}

async function draft(
  client: Client<typeof iterate>,
  { kind, domain, plan }: PlannedTask,
  hits: readonly MatrixHit[],
  input: Input,
  call: Call,
): Promise<Drafted> {
  const { system, prompt } = kind.prompt(input.task, plan, hits.map(toCandidate));
  const request = {
    kind: `${domain}.${kind.validator}`,
    system,
    prompt,
    context: { ...plan.context },
    max_iterations: input.max_iterations,
    ...(input.provider === undefined ? {} : { provider: input.provider }),
    ...(input.model === undefined ? {} : { model: input.model }),
  };
  try {
    const answer = await client.iterate(request, call);
    const { artifact, history, model, provider_kind } = answer;
    const reason = `accepted at iteration ${answer.iterations}`;
    return {
      status: "accepted",
      reason,
      artifact,
      history,
      model,
      provider_kind,
      failed: undefined,
    };
  } catch (thrown) {
    return failedDraft(toLakehouseError(thrown));
  }
}

/** An iterate error carries the session in its extension members. */
function failedDraft(error: LakehouseError): Drafted {
  const { history, model, provider_kind } = error.extra as Partial<IterateAnswer>;
  const exhausted = error.reason === "max_iter_exhausted";
  return {
    status: exhausted ? "max_iter_exhausted" : "infra_error",
    reason: error.message,
    artifact: undefined,
    history: history ?? [],
    model: model === undefined || model === "" ? null : model,
    provider_kind: provider_kind ?? null,
    failed: exhausted ? undefined : error,
  };
}

function taskEnd(
  input: Input,
  planned: PlannedTask,
  hits: readonly MatrixHit[],
  drafted: Drafted,
  lessons: Lessons,
  duration_ms: number,
): TaskEnd {
  const { status, reason, model } = drafted;
  return {
    task: input.task,
    task_class: planned.task_class,
    sig_hash: planned.sig_hash,
    status,
    reason,
    iterations: drafted.history.length,
    model,
    playbooks_applied: hits.flatMap((hit) =>
      hit.playbook === null ? [] : hit.playbook.playbook_id,
    ),
    lessons,
    event: planned.plan.event,
    duration_ms,
  };
}

function answerHead(end: TaskEnd, call: Call) {
  const { reason, task_class, iterations, model, sig_hash, duration_ms } = end;
  const playbooks_applied = [...end.playbooks_applied];
  const { trace_id } = call;
  return {
    reason,
    task_class,
    iterations,
    model,
    sig_hash,
    duration_ms,
    playbooks_applied,
    trace_id,
  };
}

function toCandidate(hit: MatrixHit): Candidate {
  const { id, corpus, metadata } = hit;
  return { id, corpus, metadata, text: hit.text ?? "", boosted: hit.playbook !== null };
}

function toRetrieved(hit: MatrixHit): RespondAnswer["retrieved"][number] {
  const { id, corpus } = hit;
  return { id, corpus, boosted: hit.playbook !== null, text: hit.text ?? "" };
}
