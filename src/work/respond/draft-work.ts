// Drafting for a planned task: the prompt of its domain through iterate, and how that ended.
import type { Call } from "#kernel/call.ts";
import type { Client, OutputOf } from "#kernel/contract.ts";
import { type LakehouseError, toLakehouseError } from "#kernel/problem.ts";
import type { Attempt, iterate } from "#contracts/iterate.ts";
import type { MatrixHit } from "#contracts/matrix.ts";
import type { CorrectionRow, RespondAnswer } from "#contracts/respond.ts";
import { renderEarlierTasks, type EarlierTask } from "#ports/context-bundle.ts";
import { leftSession } from "./left-session.ts";
import { toldOfWords } from "./told-of-words.ts";
import { withCorrections } from "./overseer.ts";
import type { RespondInput } from "./retrieve.ts";
import type { PlannedTask } from "./task-planner.ts";

type IterateAnswer = OutputOf<(typeof iterate)["operations"]["iterate"]>;

/** Accepted work, an exhausted session, or a part of the house that failed. */
export interface Drafted {
  readonly status: "accepted" | "max_iter_exhausted" | "infra_error";
  readonly reason: string;
  /** undefined unless accepted. */
  readonly artifact: IterateAnswer["artifact"] | undefined;
  readonly history: readonly Attempt[];
  readonly iterations: number;
  /** The same draft was refused again and again. */
  readonly drifted?: boolean | undefined;
  readonly model: string | null;
  readonly provider_kind: RespondAnswer["provider_kind"];
  /** Why a truth rule wants somebody to look at accepted work first. */
  readonly review?: string | undefined;
  /** Set when the status is infra_error: to be thrown once it is written down. */
  readonly failed: LakehouseError | undefined;
}

/** What a further round of drafting is told and held to. */
export interface Oversight {
  readonly corrections: readonly CorrectionRow[];
  /** undefined: nobody is there to help, every iteration is used. */
  readonly drift_after: number | undefined;
  /** The model is a small one: a short prompt, choices one by one. */
  readonly guided: boolean;
}

/** What was found for the task. */
export interface DraftMaterial {
  readonly hits: readonly MatrixHit[];
  /** Tasks of the same kind that went well. */
  readonly earlier: readonly EarlierTask[];
}

/** Never throws. */
export async function draftWork(
  client: Client<typeof iterate>,
  { kind, domain, plan }: PlannedTask,
  { hits, earlier }: DraftMaterial,
  input: RespondInput,
  { corrections, drift_after, guided }: Oversight,
  call: Call,
): Promise<Drafted> {
  const candidates = hits.map(({ id, corpus, metadata, text, playbook }) => ({
    id,
    corpus,
    metadata,
    text: text ?? "",
    boosted: playbook !== null,
  }));
  const form = { brief: guided };
  const { system, prompt, schema, judging, reading } = kind.prompt(
    input.task,
    plan,
    candidates,
    form,
  );
  const guidance = {
    guided,
    ...(schema === undefined ? {} : { schema: { ...schema } }),
    // What an overseer said is read with the whole list.
    ...(judging === undefined || corrections.length > 0 ? {} : { judging }),
    ...(reading === undefined || corrections.length > 0 ? {} : { reading }),
  };
  try {
    const answer = await client.iterate(
      {
        kind: `${domain}.${kind.validator}`,
        system,
        prompt: withCorrections(guided ? prompt : withEarlier(prompt, earlier), corrections),
        context: { ...plan.context },
        max_iterations: input.max_iterations,
        ...(guided ? guidance : {}),
        ...(drift_after === undefined ? {} : { drift_after }),
        ...(input.provider === undefined ? {} : { provider: input.provider }),
        ...(input.model === undefined ? {} : { model: input.model }),
      },
      call,
    );
    const { artifact, history, iterations, model, provider_kind } = answer;
    const reason = `accepted at iteration ${iterations}`;
    const { review } = answer.validation;
    const told = { artifact, history, iterations, model, provider_kind, review };
    return { status: "accepted", reason, ...told, failed: undefined };
  } catch (thrown) {
    const error = toldOfWords(toLakehouseError(thrown), plan.context, input.context);
    return { ...failedDraft(error), ...(await leftSession(client, error, call)) };
  }
}

const EARLIER_ADVICE =
  "Tasks of this kind were done before; what was chosen for them follows. These are notes only: " +
  "candidates, request and conditions are the ones above:";

function withEarlier(prompt: string, earlier: readonly EarlierTask[]): string {
  const block = renderEarlierTasks(earlier);
  return block === "" ? prompt : [prompt, EARLIER_ADVICE, block].join("\n\n");
}

/** Also of failures before drafting. Errors of iterate carry the session as extension members. */
export function failedDraft(error: LakehouseError): Drafted {
  const { history, iterations, model, provider_kind } = error.extra as Partial<IterateAnswer>;
  const drifted = error.reason === "drifted";
  const exhausted = error.reason === "max_iter_exhausted" || drifted;
  return {
    status: exhausted ? "max_iter_exhausted" : "infra_error",
    reason: error.message,
    artifact: undefined,
    history: history ?? [],
    iterations: iterations ?? 0,
    drifted,
    model: model === undefined || model === "" ? null : model,
    provider_kind: provider_kind ?? null,
    failed: exhausted ? undefined : error,
  };
}
