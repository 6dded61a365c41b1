// The one file that a domain pack may import.
export { checkInput } from "#kernel/check-input.ts";
export { LakehouseError } from "#kernel/problem.ts";
export { seededRandom, type Random } from "#kernel/random.ts";
export { canonicalJson, sha256Hex } from "#kernel/ids.ts";
export type { Column, Filters, Judging, Reading, ValidationError } from "#contracts/nouns.ts";
export type {
  Candidate,
  CorpusRecipe,
  DomainPack,
  DraftPrompt,
  GeneratedTable,
  JsonSchema,
  LiftQuery,
  LiftSet,
  PromptForm,
  Scenario,
  ScenarioTask,
  SlotVocabulary,
  TaskKind,
  TaskPlan,
  ValidationOutcome,
  Validator,
  ValidatorTools,
} from "#ports/domain-pack.ts";
export { artifactSchema } from "#ports/artifact-schema.ts";
export { fenced, renderBundle, type ContextBundle } from "#ports/context-bundle.ts";
