// Port: a domain. The core knows nothing of any; a pack brings validators, tasks, words and data.
import type { z } from "zod";
import type { LakehouseError } from "#kernel/problem.ts";
import type { Random } from "#kernel/random.ts";
import type { Column, Filters, Judging, Reading, ValidationError } from "#contracts/nouns.ts";

/** What a validator may ask of the house while it judges. */
export interface ValidatorTools {
  /** Rows of a read-only SELECT as objects; throws LakehouseError. */
  rows(sql: string, params: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

export type ValidationOutcome =
  | { readonly ok: true; readonly checks: readonly string[]; readonly grounded: boolean }
  | { readonly ok: false; readonly error: ValidationError };

export type JsonSchema = Readonly<Record<string, z.core.util.JSONType>>;

export interface Validator {
  readonly summary: string;
  /**
   * JSON Schema of the artifact. Models that can are held to it while they write; the validator
   * judges all the same.
   */
  readonly schema?: JsonSchema;
  /**
   * Same artifact, context and data: same outcome. Never asks a model. A verdict whose field is
   * `context` (or below it) is about the context: it is refused before anything is drafted.
   */
  validate(
    artifact: unknown,
    context: Readonly<Record<string, unknown>>,
    tools: ValidatorTools,
  ): Promise<ValidationOutcome>;
}

/** What a task in words asks for, as far as code can tell. */
export interface TaskPlan {
  /** Text that the corpora are searched with. */
  readonly query_text: string;
  readonly corpora: readonly string[];
  readonly filters: Filters;
  /**
   * Hits under this score are off topic; absent: as the house has it. 0 when filters pin one row.
   */
  readonly relevance_floor?: number;
  /** How many answers the task asks for, so that enough candidates are retrieved; absent: a few. */
  readonly answers_wanted?: number;
  /**
   * Demands of the request that the plan does not cover, in words for the caller. Work on such a
   * task may be accepted and still not be what was asked: it is never remembered as a playbook.
   */
  readonly not_understood?: readonly string[];
  /** What the validator needs to know; also shown in the prompt. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Equal for tasks that ask for the same; its hash is the sig_hash. */
  readonly signature: string;
  /** Fields of the witness event: role, city, state, count … */
  readonly event: Readonly<Record<string, string | number>>;
}

export interface Candidate {
  readonly id: string;
  readonly corpus: string;
  readonly text: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** A playbook put it forward. */
  readonly boosted: boolean;
}

export interface PromptForm {
  /** For small models: few words, and only what the choice needs. */
  readonly brief: boolean;
}

export interface DraftPrompt {
  readonly system: string;
  readonly prompt: string;
  /**
   * What a small model is held to: the artifact's schema with the values that it may choose from.
   * It holds every candidate of the prompt, fitting or not: the choice is the model's.
   */
  readonly schema?: JsonSchema;
  /** With a schema whose choices carry a `description`: how a small model judges each of them. */
  readonly judging?: Judging;
  /** With a schema whose choices have the same fields: how a small model reads each of them. */
  readonly reading?: Reading;
}

export interface TaskKind {
  readonly summary: string;
  /** The kind of artifact its validator judges. */
  readonly validator: string;
  /** undefined: the task is not of this kind (another kind, or no business of this domain). */
  plan(task: string, context: Readonly<Record<string, unknown>>): TaskPlan | undefined;
  /** The prompt; candidates are data and stand fenced in it. */
  prompt(
    task: string,
    plan: TaskPlan,
    candidates: readonly Candidate[],
    how?: PromptForm,
  ): DraftPrompt;
  /** The ids (as candidates have them) that an accepted artifact chose, best first. */
  answers(artifact: unknown): readonly { readonly corpus: string; readonly id: string }[];
}

/** Words that tell two tasks apart; words of one group mean the same. */
export interface SlotVocabulary {
  readonly slot: string;
  readonly groups: readonly (readonly string[])[];
}

/**
 * What the domains read in a text, as canonical JSON behind the task class; undefined when none
 * makes it its business. Texts with the same reading ask for the same.
 */
export type RequestReader = (text: string) => string | undefined;

export interface CorpusRecipe {
  readonly corpus: string;
  readonly summary: string;
  readonly dataset: string;
  readonly id_column: string;
  readonly id_prefix: string;
  readonly template: string;
  readonly metadata_columns: readonly string[];
}

export interface GeneratedTable {
  readonly dataset: string;
  readonly columns: readonly Column[];
  /** Rows as CSV lines without the header, in batches of text. */
  csv(): Iterable<string>;
}

/** One query of a lift set, with what it is held against. */
export interface LiftQuery {
  readonly query_id: string;
  readonly category: string;
  readonly text: string;
  /** true when an answer satisfies the query (labels, or a deterministic judge). */
  satisfies(hit: { id: string; metadata: Readonly<Record<string, unknown>> }): boolean;
  readonly paraphrases: readonly string[];
  /** Almost the same words, another meaning: an answer of this query must not be put forward. */
  readonly lookalikes: readonly string[];
}

export interface LiftSet {
  readonly name: string;
  readonly judge: string;
  readonly corpora: readonly string[];
  readonly queries: readonly LiftQuery[];
  readonly off_topic: readonly string[];
}

/** One task of a scenario and what it is to the tasks before it. */
export interface ScenarioTask {
  readonly task_id: string;
  readonly day: number;
  readonly form: "cold" | "verbatim" | "paraphrase" | "lookalike" | "off_topic";
  readonly task: string;
  /** The cold task that this one repeats or resembles. */
  readonly origin: string | undefined;
  /** Task kind the author had in mind; undefined: no business of the domain. */
  readonly kind: string | undefined;
}

/** Days of work as a list: a pure description that whoever runs it sends through respond. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  readonly tasks: readonly ScenarioTask[];
}

export interface DomainPack {
  readonly name: string;
  readonly summary: string;
  readonly validators: Readonly<Record<string, Validator>>;
  readonly tasks: Readonly<Record<string, TaskKind>>;
  readonly slots: readonly SlotVocabulary[];
  readonly corpora: readonly CorpusRecipe[];
  /** Rules of the truth service, in its contract's shape (`truthRule`); checked at the start. */
  readonly truth_rules?: readonly Readonly<Record<string, unknown>>[];
  /** Deterministic example data; `rows` is the size of the main table. */
  generate(options: { rows: number; random: Random }): readonly GeneratedTable[];
  liftSet(): LiftSet | undefined;
  scenario(): Scenario | undefined;
}

/** For packs that must refuse: the same error type as everywhere. */
export type PackError = LakehouseError;
