// What retrieval and memory are to reach: one line a figure, with its floor, target and note.

/** Where a figure stands in the report of a run. */
export interface FigureSource {
  readonly run: string;
  /** Of an evaluation; absent for the reality test, whose rates have no mode. */
  readonly mode?: string;
  readonly figure: string;
}

export interface RetrievalTarget extends FigureSource {
  readonly group: string;
  readonly name: string;
  /** Shares are shown in percent, scores as they are. */
  readonly unit: "share" | "score";
  /** null: reported only. */
  readonly target: number | null;
  readonly is_at_most?: boolean;
  /** What lexical search, a plain embedder or the best seen elsewhere gives. */
  readonly floor?: number;
}

/** Sections of the page, in order, with what a reader must know of the data. */
export const TARGET_GROUPS: Readonly<Record<string, string>> = {
  "Staffing lift":
    "Requests of the staffing domain, with paraphrases, look-alikes and requests of other " +
    "domains, against generated workers. The requests are the domain's own, not data from " +
    "elsewhere.",
  "CLINC150 and BANKING77":
    "The whole training half is remembered, the split `valid` is asked. Weights of the router " +
    "were fitted on HWU64 and BANKING77: these two rows are not held out, and BANKING77-OOS has " +
    "texts of BANKING77. Paraphrases are asked against all lines of the training half; a " +
    "sample of them fitted the weights of the wording order.",
  "Pairs, edits, templates":
    "PAWS-Wiki: the part of the pairs (by a hash of their id) on which nothing was fitted. " +
    "Minimal edits: every sentence is recorded, its edit and its paraphrases are asked; the " +
    "edits are made by rule. WebArena: each task is asked while its own entry is away.",
  SciFact:
    "Claims against abstracts. Half of the judged queries (by a hash of their id) are in memory, " +
    "the other half is asked; only the rows with feedback use that memory. The mixing weight and " +
    "the weight of feedback were chosen on some of these queries.",
  "Negative controls":
    "The same runs with the truth permuted or shifted: a figure above chance would say that the " +
    "harness leaks.",
};

const LIFT = { group: "Staffing lift", run: "staffing", unit: "share" } as const;
const INTENTS = { group: "CLINC150 and BANKING77" } as const;
const MEMORY = { group: "Pairs, edits, templates" } as const;
const SCIFACT = { group: "SciFact", figure: "ndcg@10", unit: "score" } as const;
const CONTROL = { group: "Negative controls", unit: "share", is_at_most: true } as const;

const at = (run: string, mode: string, figure: string) => ({ run, mode, figure });

export const RETRIEVAL_TARGETS: readonly RetrievalTarget[] = [
  { ...LIFT, name: "verbatim lift", figure: "verbatim_lift", target: 1, floor: 7 / 8 },
  { ...LIFT, name: "paraphrase lift", figure: "paraphrase_lift", target: 0.85 },
  {
    ...LIFT,
    name: "false boosts on look-alikes",
    figure: "false_boosts",
    target: 0.02,
    is_at_most: true,
  },
  {
    ...LIFT,
    name: "boosts out of domain",
    figure: "off_topic_boosts",
    target: 0,
    is_at_most: true,
  },
  {
    ...INTENTS,
    name: "CLINC150 paraphrase finds its origin, R@1",
    ...at("clinc150", "origin", "recall@1"),
    unit: "share",
    target: 0.85,
    floor: 0.744,
  },
  {
    ...INTENTS,
    name: "CLINC150 paraphrase finds its origin, R@5",
    ...at("clinc150", "origin", "recall@5"),
    unit: "share",
    target: 0.96,
    floor: 0.9,
  },
  {
    ...INTENTS,
    name: "… R@1, identical texts left out",
    ...at("clinc150", "origin", "recall@1, identical texts left out"),
    unit: "share",
    target: null,
  },
  {
    ...INTENTS,
    name: "… R@5, identical texts left out",
    ...at("clinc150", "origin", "recall@5, identical texts left out"),
    unit: "share",
    target: null,
  },
  {
    ...INTENTS,
    name: "CLINC150 routing accuracy",
    ...at("clinc150", "memory", "accuracy"),
    unit: "share",
    target: 0.93,
    floor: 0.775,
  },
  {
    ...INTENTS,
    name: "CLINC150 out of scope, AUROC",
    ...at("clinc150", "memory", "auroc oos/valid"),
    unit: "score",
    target: 0.96,
    floor: 0.896,
  },
  {
    ...INTENTS,
    name: "BANKING77-OOS accuracy in scope",
    ...at("banking77_oos", "memory", "accuracy"),
    unit: "share",
    target: 0.9,
    floor: 0.758,
  },
  {
    ...INTENTS,
    name: "BANKING77-OOS look-alike intents, AUROC",
    ...at("banking77_oos", "memory", "auroc id-oos/valid"),
    unit: "score",
    target: 0.8,
    floor: 0.601,
  },
  {
    ...INTENTS,
    name: "BANKING77-OOS other topics, AUROC",
    ...at("banking77_oos", "memory", "auroc ood-oos/valid"),
    unit: "score",
    target: 0.985,
    floor: 0.964,
  },
  {
    ...INTENTS,
    name: "BANKING77 routing accuracy",
    ...at("banking77", "memory", "accuracy"),
    unit: "share",
    target: null,
  },
  {
    ...INTENTS,
    name: "HWU64 routing accuracy",
    ...at("hwu64", "memory", "accuracy"),
    unit: "share",
    target: null,
  },
  {
    ...MEMORY,
    name: "PAWS-Wiki recall at 5 % false",
    ...at("paws_wiki", "same", "recall at 5 % false"),
    unit: "share",
    target: 0.6,
    floor: 0.459,
  },
  {
    ...MEMORY,
    name: "PAWS-Wiki recall at 1 % false",
    ...at("paws_wiki", "same", "recall at 1 % false"),
    unit: "share",
    target: 0.35,
    floor: 0.22,
  },
  {
    ...MEMORY,
    name: "minimal edits falsely reused",
    ...at("minimal-edits", "all", "edits: falsely reused"),
    unit: "share",
    target: 0,
    is_at_most: true,
  },
  {
    ...MEMORY,
    name: "minimal edits falsely boosted",
    ...at("minimal-edits", "all", "edits: falsely boosted"),
    unit: "share",
    target: null,
    is_at_most: true,
  },
  {
    ...MEMORY,
    name: "minimal edits, what cosine alone would reuse",
    ...at("minimal-edits", "all", "edits: cosine alone would reuse"),
    unit: "share",
    target: null,
    is_at_most: true,
  },
  {
    ...MEMORY,
    name: "their paraphrases still boosted",
    ...at("minimal-edits", "all", "paraphrases: boosted"),
    unit: "share",
    target: 0.8,
  },
  {
    ...MEMORY,
    name: "WebArena right template first",
    ...at("webarena", "with facts", "right template first"),
    unit: "share",
    target: 0.97,
    floor: 0.94,
  },
  {
    ...MEMORY,
    name: "WebArena wrong answer reused",
    ...at("webarena", "with facts", "wrong answer reused"),
    unit: "share",
    target: 0,
    is_at_most: true,
    floor: 0.949,
  },
  { ...SCIFACT, name: "lexical, nDCG@10", run: "scifact", mode: "lexical", target: null },
  { ...SCIFACT, name: "MiniLM alone", run: "scifact", mode: "vector", target: null },
  {
    ...SCIFACT,
    name: "MiniLM mixed (default)",
    run: "scifact",
    mode: "mixed",
    target: 0.75,
    floor: 0.73,
  },
  {
    ...SCIFACT,
    name: "MiniLM mixed, feedback",
    run: "scifact",
    mode: "remembered",
    target: null,
  },
  {
    ...SCIFACT,
    name: "gte-small mixed",
    run: "scifact, gte-small",
    mode: "mixed",
    target: null,
    floor: 0.75,
  },
  {
    ...SCIFACT,
    name: "gte-small mixed, feedback (best shipped)",
    run: "scifact, gte-small",
    mode: "remembered",
    target: 0.775,
    floor: 0.75,
  },
  {
    ...SCIFACT,
    name: "MiniLM: claims refused",
    run: "scifact",
    mode: "matrix",
    figure: "refused",
    unit: "share",
    target: null,
  },
  {
    ...SCIFACT,
    name: "MiniLM: requests of BANKING77 refused",
    run: "scifact",
    mode: "off topic",
    figure: "refused, banking77",
    unit: "share",
    target: null,
  },
  {
    ...SCIFACT,
    name: "gte-small: claims refused",
    run: "scifact, gte-small",
    mode: "matrix",
    figure: "refused",
    unit: "share",
    target: null,
  },
  {
    ...SCIFACT,
    name: "gte-small: requests of BANKING77 refused",
    run: "scifact, gte-small",
    mode: "off topic",
    figure: "refused, banking77",
    unit: "share",
    target: null,
  },
  {
    ...CONTROL,
    name: "CLINC150 accuracy, labels permuted",
    ...at("clinc150", "control", "accuracy, labels permuted"),
    target: 0.05,
  },
  {
    ...CONTROL,
    name: "CLINC150 R@5, ids shifted",
    ...at("clinc150", "control", "recall@5, ids shifted"),
    target: 0.02,
  },
  {
    ...CONTROL,
    name: "PAWS-Wiki recall at 5 % false, labels permuted",
    ...at("paws_wiki", "same, labels permuted", "recall at 5 % false"),
    target: 0.12,
  },
  {
    ...CONTROL,
    name: "WebArena template first, templates permuted",
    ...at("webarena", "templates permuted", "right template first"),
    target: 0.1,
  },
  {
    ...CONTROL,
    name: "paraphrases boosted, origins permuted",
    ...at("minimal-edits", "all", "paraphrases, origins permuted: boosted"),
    target: 0.02,
  },
];
