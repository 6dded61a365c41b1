// respond: a task in words to validated work: plan, retrieve, iterate, write down what it taught.
import type { Call } from "#kernel/call.ts";
import type { Client } from "#kernel/contract.ts";
import type { Service } from "#kernel/lifecycle.ts";
import { LIMITS } from "#kernel/limits.ts";
import { LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import { createWorkUnderWay } from "#kernel/work-under-way.ts";
import type { chat } from "#contracts/chat.ts";
import type { iterate } from "#contracts/iterate.ts";
import type { matrix, MatrixHit } from "#contracts/matrix.ts";
import type { pathwayContract } from "#contracts/pathway.ts";
import type { respond, RespondAnswer } from "#contracts/respond.ts";
import { EARLIER_TASKS_MAX, type EarlierTask } from "#ports/context-bundle.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { createAttemptMemory, type RecalledAttempts } from "./attempt-memory.ts";
import { openCorrectionStore } from "./correction-store.ts";
import { draftWork, failedDraft } from "./draft-work.ts";
import { lessonsOf, type Lessons, type PutForward } from "./lessons.ts";
import { openOutcomeStore } from "./outcome-store.ts";
import { createOverseer } from "./overseer.ts";
import { draftOverseen, toldCorrection, type OverseenDraft } from "./overseen-draft.ts";
import { createRecorder, type Recorder, type RecorderNeeds, type TaskEnd } from "./recorder.ts";
import type { RespondSettings } from "./respond-settings.ts";
import { retrieve, type RespondInput, type SearchAnswer } from "./retrieve.ts";
import { planTask, unplannedHash, type PlannedTask } from "./task-planner.ts";

export interface RespondNeeds extends RecorderNeeds {
  readonly matrix: Client<typeof matrix>;
  readonly iterate: Client<typeof iterate>;
  /** For the overseer. */
  readonly chat: Client<typeof chat>;
  /** Absent: nothing is recalled of earlier attempts, and none is remembered. */
  readonly pathway?: Client<typeof pathwayContract>;
  readonly packs: readonly DomainPack[];
  readonly kb_dir: string;
}

const NO_LESSONS: Lessons = { record: [], outcomes: [], answer_ids: [] };

/** A task on its way: what is known of it so far. */
interface Work {
  readonly input: RespondInput;
  readonly planned: PlannedTask | undefined;
  readonly started: number;
  readonly call: Call;
}

export async function createRespond(
  needs: RespondNeeds,
  settings: RespondSettings,
): Promise<Service<typeof respond>> {
  const store = await openOutcomeStore(needs.kb_dir, needs.log);
  const corrections = await openCorrectionStore(needs.kb_dir, needs.log);
  const recorder = createRecorder(needs, store);
  const attempts = createAttemptMemory(needs.pathway, needs.log);
  const overseer = createOverseer(needs, corrections, settings);
  const drift_after = overseer === undefined ? undefined : settings.drift_after;
  const counts = { accepted: 0, nothing_relevant: 0, max_iter_exhausted: 0, infra_error: 0 };
  const runs = createWorkUnderWay();
  const stopping = new AbortController();
  const recordingCall = recordingUntil(stopping.signal);
  const count = (status: TaskEnd["status"]) => counts[status]++;
  const write = writer(recorder, needs.pathway !== undefined, count, recordingCall);

  async function run(input: RespondInput, call: Call): Promise<RespondAnswer> {
    const planned = planTask(needs.packs, input.task, input.context, input.kind);
    const work: Work = { input, planned, started: performance.now(), call };
    if (planned === undefined)
      return refuse(write, work, noPlanReason(needs.packs, input.kind), null);
    const guided = input.guided ?? isSmall(input.model, settings.small_models);
    let found: SearchAnswer | undefined;
    let shown: readonly PutForward[] = [];
    let overseen: OverseenDraft;
    let recalled: RecalledAttempts = { pathway_ids: [], iterate: needs.iterate };
    try {
      found = await retrieve(needs.matrix, planned, input, call);
      if (found !== undefined && found.results.length === 0) {
        return await refuse(write, work, refusalReason(found), found.relevance);
      }
      recalled = await attempts.recall(planned, input, needs.iterate, call);
      const { iterate: drafting } = recalled;
      const hits = found?.results ?? [];
      const earlier = guided ? [] : earlierTasks(found);
      shown = earlier;
      overseen = await draftOverseen(
        { overseer, tell: needs.tell, log: needs.log },
        { task: input.task, planned },
        (so_far) => {
          const oversight = { corrections: so_far, drift_after, guided };
          return draftWork(drafting, planned, { hits, earlier }, input, oversight, call);
        },
        settings.overseer_corrections_max,
        call,
      );
    } catch (thrown) {
      const drafted = failedDraft(toLakehouseError(thrown));
      overseen = { drafted, corrections: [], not_recorded: [] };
    }
    const answer = await conclude(write, settings, { ...work, planned }, found, shown, overseen);
    const recording = recordingCall(call);
    const unwritten = await attempts.record(planned, input, recalled, answer, recording);
    return {
      ...answer,
      pathways_recalled: [...recalled.pathway_ids],
      not_recorded: [...answer.not_recorded, ...unwritten],
    };
  }

  return {
    handlers: { respond: (input, call) => runs.follow(run(input, call)) },
    async health() {
      const recording_failures = recorder.failures();
      const figures = { ...counts, recording_failures };
      const reason = "outcomes or playbooks could not be recorded";
      if (recording_failures > 0) return { status: "degraded", figures: { ...figures, reason } };
      return { status: "ok", figures };
    },
    async stop() {
      // Whoever asked may be gone: the outcomes of what they asked for are still to come.
      await runs.settled(LIMITS.stop_grace_ms);
      // Memory that has not answered by now is told as lost; the outcomes are still written.
      stopping.abort(new LakehouseError("unavailable", "the house is stopping"));
      await runs.settled(LIMITS.stop_grace_ms);
      await store.close();
      await corrections.close();
    },
  };
}

interface RecalledTask extends EarlierTask, PutForward {}

/**
 * Recorded tasks of the same kind, the most useful first, as many as drafts are told of: what was
 * chosen for them may guide, and decides nothing.
 */
function earlierTasks(found: SearchAnswer | undefined): RecalledTask[] {
  const followed = (found?.playbooks ?? []).filter((match) => match.decisions.transfer.decided);
  const tasks = followed.map(({ playbook, utility }): RecalledTask => {
    const { playbook_id, query_text: task, answer_id, answer_corpus: corpus } = playbook;
    return { task, answer_id, utility, playbook_id, corpus, id: answer_id };
  });
  return tasks.toSorted((a, b) => b.utility - a.utility).slice(0, EARLIER_TASKS_MAX);
}

/** `local/*` means all of that provider; anything else one name. */
function isSmall(model: string | undefined, patterns: readonly string[]): boolean {
  if (model === undefined) return false;
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? model.startsWith(pattern.slice(0, -1)) : model === pattern,
  );
}

/** Whoever asked may be gone, or out of time: how it ended is written down all the same. */
function recordingUntil(signal: AbortSignal): (call: Call) => Call {
  return (call) => ({ ...call, signal, deadline_ms: Date.now() + LIMITS.call_timeout_ms });
}

type Write = ReturnType<typeof writer>;

/** Records how a task ended and answers what is told of it in every case. */
function writer(
  recorder: Recorder,
  has_pathway: boolean,
  count: (status: TaskEnd["status"]) => void,
  recordingCall: (call: Call) => Call,
) {
  return async (work: Work, ended: Ended) => {
    const end = taskEnd(work, ended, has_pathway);
    count(end.status);
    const order = playbookOrder(work, ended);
    const recorded = await recorder.record(end, order, recordingCall(work.call));
    const { reason, task_class, iterations, model, sig_hash, duration_ms } = end;
    const told = { reason, task_class, iterations, model, sig_hash, duration_ms };
    const playbooks_applied = [...end.playbooks_applied];
    const not_understood = [...(work.planned?.plan.not_understood ?? [])];
    const trace_id = work.call.trace_id;
    const pathways_recalled: string[] = [];
    const ended_as = { ...told, ...recorded, not_understood, playbooks_applied, trace_id };
    return { ...ended_as, pathways_recalled };
  };
}

/** Writes down how drafting ended and answers it; an error of the house is thrown afterwards. */
async function conclude(
  write: Write,
  settings: RespondSettings,
  work: Work & { readonly planned: PlannedTask },
  found: SearchAnswer | undefined,
  shown: readonly PutForward[],
  { drafted, corrections, not_recorded }: OverseenDraft,
): Promise<RespondAnswer> {
  const hits = found?.results ?? [];
  const { status, reason, model, artifact, history, iterations } = drafted;
  const lessons =
    status === "infra_error"
      ? NO_LESSONS
      : lessonsOf(work.planned.kind, artifact, history, { hits, shown }, settings);
  const playbooks_applied = hits.flatMap((hit) => hit.playbook?.playbook_id ?? []);
  const told = { status, reason, model, iterations };
  const { review } = drafted;
  const ended = { ...told, review, lessons, playbooks_applied, corrections: corrections.length };
  const answer = await write(work, ended);
  if (drafted.failed !== undefined) throw drafted.failed;
  return {
    ...answer,
    status: status === "accepted" ? "accepted" : "max_iter_exhausted",
    artifact: artifact ?? null,
    history: [...history],
    corrections: corrections.map(toldCorrection),
    not_recorded: [...not_recorded, ...answer.not_recorded],
    relevance: found?.relevance ?? null,
    retrieved: hits.map(toRetrieved),
    provider_kind: drafted.provider_kind,
  };
}

/** An honest no: no model was asked. */
async function refuse(
  write: Write,
  work: Work,
  reason: string,
  relevance: RespondAnswer["relevance"],
): Promise<RespondAnswer> {
  const status = "nothing_relevant" as const;
  const nothing = {
    model: null,
    iterations: 0,
    lessons: NO_LESSONS,
    playbooks_applied: [],
    corrections: 0,
  };
  const answer = await write(work, { status, reason, ...nothing });
  const empty = {
    artifact: null,
    history: [],
    corrections: [],
    retrieved: [],
    provider_kind: null,
  };
  return { ...answer, status, relevance, ...empty };
}

type Ended = Pick<
  TaskEnd,
  | "status"
  | "reason"
  | "model"
  | "iterations"
  | "review"
  | "lessons"
  | "playbooks_applied"
  | "corrections"
>;

function taskEnd({ input, planned, started }: Work, ended: Ended, has_pathway: boolean): TaskEnd {
  // Work that may miss a demand teaches nothing: it must not be recalled for others that make it.
  const is_understood = (planned?.plan.not_understood ?? []).length === 0;
  const { lessons, status } = ended;
  const is_remembered = is_understood && input.record_playbook;
  const was_tried = status === "accepted" || status === "max_iter_exhausted";
  return {
    ...ended,
    lessons: is_remembered ? lessons : { ...lessons, record: [], outcomes: [] },
    keeps_attempt: has_pathway && was_tried && is_remembered,
    task: input.task,
    query_text: planned?.plan.query_text || input.task,
    task_class: planned?.task_class ?? null,
    sig_hash: planned?.sig_hash ?? unplannedHash(input.task),
    event: planned?.plan.event ?? {},
    duration_ms: performance.now() - started,
  };
}

/** What accepted work is remembered under; undefined: nothing is to be remembered. */
function playbookOrder({ input, planned }: Work, ended: Ended) {
  if (planned === undefined || ended.status !== "accepted" || !input.record_playbook)
    return undefined;
  return {
    // The words that later searches are made with: only like is compared with like.
    query_text: planned.plan.query_text,
    scope: input.playbook_scope,
    task_class: planned.task_class,
    tags: [planned.task_class, `sig:${planned.sig_hash.slice(0, 12)}`],
  };
}

function refusalReason(found: SearchAnswer): string {
  return found.relevance.reason || "nothing in the data fits";
}

function noPlanReason(packs: readonly DomainPack[], kind: string | undefined): string {
  if (kind !== undefined) return `the task cannot be read as one of kind ${kind}`;
  const domains = packs.map((pack) => `${pack.name} (${pack.summary})`).join("; ");
  return `no domain here makes this its business; there are: ${domains || "none"}`;
}

function toRetrieved({
  id,
  corpus,
  playbook,
  text,
}: MatrixHit): RespondAnswer["retrieved"][number] {
  return { id, corpus, boosted: playbook !== null, text: text ?? "" };
}
