// Iterates and responds with an overseer from many sides at once, telling what was acknowledged.
import { z } from "zod";
import { connectLocal } from "#kernel/connect-local.ts";
import { systemClock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import { silentLog } from "#kernel/log.ts";
import { chat } from "#contracts/chat.ts";
import { iterate } from "#contracts/iterate.ts";
import { respond } from "#contracts/respond.ts";
import { validate } from "#contracts/validate.ts";
import { createChat } from "#models/chat/chat-service.ts";
import { chatSettings } from "#models/chat/chat-settings.ts";
import type { ChatProvider, ChatRequest } from "#ports/chat-model.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { createIterate } from "#work/iterate/iterate-service.ts";
import { iterateSettings } from "#work/iterate/iterate-settings.ts";
import { createRespond } from "#work/respond/respond-service.ts";
import { respondSettings } from "#work/respond/respond-settings.ts";
import { createValidate } from "#work/validate/validate-service.ts";
import { validateSettings } from "#work/validate/validate-settings.ts";

const dir = process.argv[2]!;
const tell = (line: string) => void process.stdout.write(`${line}\n`);
const textOf = (request: ChatRequest) => JSON.stringify(request.messages);

/** Right only once a reviewer's note is there; whoever reads a note tells that it is in use. */
const provider: ChatProvider = {
  name: "script",
  kind: "deterministic",
  async *chat(request) {
    const text = textOf(request);
    const [note] = /note-[0-9a-f-]{36}/.exec(text) ?? [];
    if (note !== undefined) tell(`correction ${note}`);
    const content =
      request.model === "judge"
        ? `note-${newId()}`
        : JSON.stringify({ ok: note !== undefined || text.includes("at once") });
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    yield { content, finish_reason: "stop", usage };
  },
  models: async () => [],
};

const pack: DomainPack = {
  name: "crash",
  summary: "work that is wrong at first",
  validators: {
    work: {
      summary: "ok must be true",
      async validate(artifact) {
        if (z.object({ ok: z.literal(true) }).safeParse(artifact).success) {
          return { ok: true, checks: ["ok"], grounded: false };
        }
        const error = { kind: "policy" as const, field: "ok", message: "ok must be true" };
        return { ok: false, error };
      },
    },
  },
  tasks: {
    work: {
      summary: "anything",
      validator: "work",
      plan: (task) => ({
        query_text: task,
        corpora: [],
        filters: {},
        context: {},
        signature: task,
        event: {},
      }),
      prompt: (task) => ({ system: "Answer in JSON.", prompt: task }),
      answers: () => [],
    },
  },
  slots: [],
  corpora: [],
  generate: () => [],
  liftSet: () => undefined,
  scenario: () => undefined,
};

const base = { log: silentLog, clock: systemClock, tell: () => undefined };
/** What this work never asks. */
const nobody = {} as never;
const judge = await createValidate(
  { ...base, query: nobody, packs: [pack] },
  validateSettings.parse({}),
);
const models = await createChat(
  { ...base, providers: [provider], tiers: {} },
  chatSettings.parse({ default_model: "script/small" }),
);
const chats = connectLocal(chat, models.handlers);
const drafting = await createIterate(
  { ...base, dir, chat: chats, validate: connectLocal(validate, judge.handlers) },
  iterateSettings.parse({}),
);
const drafts = connectLocal(iterate, drafting.handlers);
const needs = { ...base, packs: [pack], matrix: nobody, playbook: nobody, chat: chats };
const working = await createRespond(
  { ...needs, kb_dir: `${dir}/kb`, iterate: drafts },
  respondSettings.parse({ overseer: "script/judge" }),
);
const works = connectLocal(respond, working.handlers);

async function keepDrafting(): Promise<never> {
  for (;;) {
    const request = { kind: "work", prompt: "right at once", max_iterations: 2 };
    const { session_id } = await drafts.iterate(request);
    tell(`session ${session_id}`);
  }
}

async function keepWorking(): Promise<never> {
  for (;;) {
    const answer = await works.respond({ task: newId(), max_iterations: 2 });
    tell(`outcome ${answer.trace_id} ${answer.status}`);
  }
}

await Promise.all([
  ...Array.from({ length: 4 }, keepDrafting),
  ...Array.from({ length: 4 }, keepWorking),
]);
