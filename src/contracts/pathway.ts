// pathway: versioned traces of what was tried and how it went; each is seen in its scope only.
import { z } from "zod";
import { bytes, defineContract, read, write } from "#kernel/contract.ts";
import { count, givenTime, json, page, record, time } from "./nouns.ts";

const scopePart = z
  .string()
  .min(1)
  .max(128)
  // Control characters would make two names look like one.
  .regex(/^[^\p{Cc}]*$/u, "a part of a scope has no control characters");

/** The scope is part of every key: no operation sees what stands in another one. */
const scope = {
  tenant: scopePart.describe("whose memory this is"),
  agent: scopePart.describe("who in the tenant remembers"),
  task_class: scopePart.describe("kind of task the traces are about"),
};

const pathway_id = z.string().min(1).max(128);
const tags = z.array(z.string().min(1).max(128)).max(64);
const trust = z.number().min(0).max(1);

/** A span of a source: the same span again is the same evidence. */
export const pathwaySource = z.strictObject({
  source: z.string().min(1).max(1024).describe("document, log, url …"),
  offset: count.optional(),
  line: count.optional(),
  hash: z.string().max(128).optional().describe("of the span, as its reader made it"),
  trust: trust.default(0.5).describe("0: anybody could have written it, 1: vouched for"),
});
export type PathwaySource = z.output<typeof pathwaySource>;

const written = {
  content: json.describe("opaque JSON; its keys and values are what search reads"),
  tags: tags.default([]),
  sources: z.array(pathwaySource).max(64).default([]),
  derived_from: z.array(pathway_id).max(64).default([]).describe("what this was concluded from"),
  session_id: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe("traces of one session belong together"),
};

export const pathway = z.strictObject({
  pathway_id: z.string(),
  ...scope,
  content: json,
  tags: z.array(z.string()),
  sources: z.array(pathwaySource),
  derived_from: z.array(z.string()),
  session_id: z.string().nullable(),
  replaces: z.string().nullable().describe("the version before this one"),
  replaced_by: z.string().nullable(),
  status: z.enum(["active", "superseded", "retired"]),
  status_reason: z.string().nullable(),
  stale: z.boolean().describe("something it derives from was retired or superseded"),
  evidence: count.describe("times the same content came in from distinct spans"),
  successes: count,
  failures: count,
  utility: z.number().describe("expected share of successes, .5 when nothing is known"),
  trust: z.number().describe("highest trust among its sources"),
  recorded_at: time,
  confirmed_at: time.describe("last added, updated, merged or found to work"),
  trace_id: z.string(),
});
export type Pathway = z.output<typeof pathway>;

export const pathwayHit = z.strictObject({
  pathway,
  score: z.number().describe("relevance times standing; what the hits are ordered by"),
  components: z.strictObject({
    lexical: z.number().nullable().describe("BM25"),
    cosine: z.number().nullable().describe("null: not embedded, or not asked for"),
    relevance: z.number().describe("both on scales of their own, mixed; 0 to 1"),
    decay: z.number(),
    utility: z.number(),
    trust: z.number(),
    stale: z.number(),
  }),
  matched_version: z.string().describe("the version whose words matched; may be an older one"),
});
export type PathwayHit = z.output<typeof pathwayHit>;

const outcomeOfWrite = z.enum(["added", "merged", "unchanged"]);

const recorded = z.strictObject({ pathway, result: outcomeOfWrite });

const figures = z.strictObject({
  traces: count.describe("versions of any status"),
  active: count,
  superseded: count,
  retired: count,
  evidence: count,
  successes: count,
  failures: count,
  embedding: z.strictObject({
    enabled: z.boolean(),
    model: z.string().nullable(),
    embedded: count,
    backlog: count.describe("found by words already, by meaning soon"),
    last_error: z.string().nullable(),
  }),
});

const reasons = ["no_such_pathway", "retired", "superseded"];
const refusals = [
  "recalled_text",
  "retired_content",
  "superseded_content",
  "duplicate_content",
  "unknown_origin",
  "empty_content",
  "content_too_large",
  "pathway_full",
  "log_unwritable",
];

export const pathwayContract = defineContract(
  "pathway",
  "Versioned traces of what was tried and how it went.",
  {
    add: write({
      summary: "Remembers a trace; the same content again is evidence, not another trace.",
      http: "POST /pathways",
      input: z.strictObject({ ...scope, ...written }),
      output: recorded,
      reasons: refusals,
    }),
    bulk: write({
      summary: "Adds many of one scope; says of each what became of it.",
      http: "POST /pathways/bulk",
      timeout_ms: 3_600_000,
      body_bytes_max: 64 * 1024 * 1024,
      input: z.strictObject({
        ...scope,
        items: z.array(z.strictObject(written)).min(1).max(10_000),
      }),
      output: z.strictObject({
        added: count,
        merged: count,
        unchanged: count,
        refused: count,
        results: z.array(
          z.strictObject({
            result: z.enum(["added", "merged", "unchanged", "refused"]),
            pathway_id: z.string().nullable(),
            reason: z.string().nullable(),
          }),
        ),
      }),
      reasons: refusals,
    }),
    update: write({
      summary: "Corrects a trace where it stands; its history keeps what it was.",
      http: "PATCH /pathways/traces/{pathway_id}",
      input: z.strictObject({
        pathway_id,
        ...scope,
        content: json.optional(),
        tags: tags.optional(),
        sources: z.array(pathwaySource).max(64).optional().describe("added to those there are"),
      }),
      output: pathway,
      reasons: [...reasons, ...refusals, "nothing_to_update"],
    }),
    revise: write({
      summary: "A new version that points at the one it replaces; the older one steps back.",
      http: "POST /pathways/traces/{pathway_id}/revise",
      input: z.strictObject({ pathway_id, ...scope, ...written }),
      output: pathway,
      reasons: [...reasons, ...refusals],
    }),
    retire: write({
      summary: "Takes a trace out of every later search; it stays in the history.",
      http: "POST /pathways/traces/{pathway_id}/retire",
      input: z.strictObject({
        pathway_id,
        ...scope,
        reason: z.string().max(10_000).default(""),
        whole_chain: z.boolean().default(false).describe("every version, older and newer"),
      }),
      output: pathway,
      reasons: ["no_such_pathway", "log_unwritable"],
    }),
    outcome: write({
      summary: "How a trace fared when it was used; its utility rises or falls.",
      http: "POST /pathways/traces/{pathway_id}/outcome",
      input: z.strictObject({ pathway_id, ...scope, success: z.boolean() }),
      output: pathway,
      reasons: ["no_such_pathway", "log_unwritable"],
    }),
    history: read({
      summary: "The versions a trace replaced, newest first, and every operation on them.",
      http: "GET /pathways/traces/{pathway_id}/history",
      input: z.strictObject({ pathway_id, ...scope, limit: page.limit }),
      output: z.strictObject({
        versions: z.array(pathway),
        newest: z.string().nullable().describe("the newest version of the chain; null: a cycle"),
        cycle: z.string().nullable().describe("the version at which the chain bites its tail"),
        operations: z
          .array(record)
          .describe("version by version, oldest first; the last `limit` of them"),
        operations_total: count,
      }),
      reasons: ["no_such_pathway"],
    }),
    search: read({
      summary: "Traces by words and meaning; never a retired one, newest versions only.",
      http: "POST /pathways/search",
      input: z.strictObject({
        ...scope,
        query_text: z
          .string()
          .min(1)
          .max(100_000)
          .regex(/[\p{L}\p{N}\p{P}\p{S}]/u, "must ask something, not for spaces"),
        k: z.int().min(1).max(1_000).default(10),
        mode: z.enum(["mixed", "lexical", "dense"]).default("mixed").describe("lexical: no model"),
        tags: tags.default([]).describe("all of them must be there"),
        trust_min: trust.default(0),
        recorded_from: givenTime.optional().describe("a date stands for its first moment, UTC"),
        recorded_to: givenTime.optional(),
        include_superseded: z
          .boolean()
          .default(false)
          .describe("older versions too, each below the newest of its chain"),
        include_stale: z.boolean().default(true),
        remember_recall: z
          .boolean()
          .default(true)
          .describe("false for people who browse: nothing is fed to a model"),
      }),
      output: z.strictObject({
        hits: z.array(pathwayHit),
        method: z.enum(["mixed", "lexical", "dense"]),
        degraded: z.string().nullable().describe("why meaning was not asked; null: as wished"),
        took_ms: z.number(),
      }),
      reasons: ["no_such_model"],
    }),
    get: read({
      summary: "One trace.",
      http: "GET /pathways/traces/{pathway_id}",
      input: z.strictObject({ pathway_id, ...scope }),
      output: pathway,
      reasons: ["no_such_pathway"],
    }),
    list: read({
      summary: "Traces of a scope, newest first.",
      http: "GET /pathways",
      input: z.strictObject({
        ...scope,
        status: z.enum(["active", "superseded", "retired"]).optional(),
        tag: z.string().optional(),
        ...page,
      }),
      output: z.strictObject({
        pathways: z.array(pathway),
        total: count,
        next_after: z.string().nullable(),
      }),
      reasons: ["bad_cursor"],
    }),
    stats: read({
      summary: "Figures of a scope.",
      http: "GET /pathways/stats",
      input: z.strictObject(scope),
      output: figures,
    }),
    scopes: read({
      summary: "The scopes there are, with how many traces each holds.",
      http: "GET /pathways/scopes",
      scope: "admin",
      input: z.strictObject({}),
      output: z.strictObject({
        scopes: z.array(z.strictObject({ ...scope, traces: count, active: count })),
      }),
    }),
    export: bytes({
      summary: "Every row of a scope as it stands in the log, history included, and a checksum.",
      http: "GET /pathways/export",
      scope: "read",
      input: z.strictObject(scope),
      output: z.strictObject({ rows: z.coerce.number() }),
      request_body: "json",
      response_body: "raw",
      response_headers: { rows: "x-lakehouse-rows" },
    }),
    import: bytes({
      summary: "Takes over an export byte for byte; what is there already is not written again.",
      http: "POST /pathways/import",
      scope: "admin",
      timeout_ms: 3_600_000,
      input: z.strictObject(scope),
      output: z.strictObject({ rows: count, written: count, already_there: count }),
      request_body: "raw",
      response_body: "json",
      reasons: ["bad_export", "histories_differ", "log_unwritable"],
    }),
    compact: write({
      summary: "Writes counts of many rows as one; every operation stays in the history.",
      http: "POST /pathways/compact",
      scope: "admin",
      timeout_ms: 3_600_000,
      input: z.strictObject({}),
      output: z.strictObject({
        rows_before: count,
        rows_after: count,
        bytes_before: count,
        bytes_after: count,
      }),
      reasons: ["log_unwritable"],
    }),
    verify: read({
      summary: "Reads the whole log anew and compares it with what is in memory.",
      http: "POST /pathways/verify",
      scope: "admin",
      timeout_ms: 3_600_000,
      input: z.strictObject({}),
      output: z.strictObject({
        ok: z.boolean(),
        rows: count,
        traces: count,
        problems: z.array(
          z.strictObject({
            kind: z.string(),
            pathway_id: z.string().nullable(),
            message: z.string(),
          }),
        ),
      }),
    }),
  },
);
