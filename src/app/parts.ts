// The list of parts: each service, what it needs, and how it is opened. Order = order of starting.
import { join } from "node:path";
import type { Clients, ServiceName } from "#contracts/all-contracts.ts";
import type { EventInput } from "#contracts/observe.ts";
import type { Principal } from "#kernel/call.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Service } from "#kernel/lifecycle.ts";
import type { Log } from "#kernel/log.ts";
import type { MayAsk } from "#models/chat/chat-service.ts";
import type { AnswerPlaces } from "#ports/answer-places.ts";
import type { CallLedger } from "#ports/call-ledger.ts";
import type { SameRequest } from "#ports/same-request.ts";
import type { DomainPack, RequestReader } from "#ports/domain-pack.ts";
import type { Engines } from "./engines.ts";
import { kbRelations } from "./kb-relations.ts";
import type { HouseSettings } from "./settings.ts";
import { tiersOf, weakModels } from "./model-tiers.ts";
import { witnessedLedger } from "./witnessed-ledger.ts";

export interface Site {
  /** Filled in the order of the list: a part sees those before it. */
  readonly clients: Clients;
  readonly settings: HouseSettings;
  readonly data_dir: string;
  readonly engines: Engines;
  readonly packs: readonly DomainPack[];
  readonly clock: Clock;
  readonly log: Log;
  /** For parts below the observer: an event for it, without a call upwards. */
  readonly tell: (event: EventInput) => void;
  readonly in_process: InProcess;
}

/** What parts of one process ask of each other on every call, beside their contracts. */
export interface InProcess {
  /** Absent: usage does not run here, and calls of models are in no ledger. */
  ledger?: CallLedger;
  /** Where answers stand; absent: matrix runs apart, and recorded answers are not looked for. */
  places?: AnswerPlaces;
  /** What texts can be embedded with here, as `provider/model`; absent: embed runs apart. */
  embedding_models?: readonly string[];
  /** Whose secret this is; undefined: not one of a virtual key; throws when it is not good. */
  holderOf?: (secret: string) => Principal | undefined;
  /** Which models a caller may ask, by the keys of this process. */
  mayAsk?: MayAsk;
  /** Events of this process for the observer; absent: it runs apart. */
  takeEvents?: (events: readonly EventInput[]) => Promise<void>;
}

export type Plane = "data" | "models" | "recall" | "work" | "improve";

export interface Part {
  readonly service: ServiceName;
  readonly plane: Plane;
  readonly needs: readonly ServiceName[];
  readonly open: (site: Site) => Promise<Service>;
}

/** What every part gets: its folder, a log of its own, the clock. */
function base(site: Site, service: ServiceName) {
  return {
    dir: join(site.data_dir, service),
    log: site.log.child({ service }),
    clock: site.clock,
  };
}

/** What the first task kind that can plan a text reads in it. */
function requestReader(packs: readonly DomainPack[]): RequestReader {
  return (text) => {
    for (const pack of packs) {
      for (const [kind, task] of Object.entries(pack.tasks)) {
        const plan = task.plan(text, {});
        if (plan !== undefined) return `${pack.name}.${kind}\n${plan.signature}`;
      }
    }
    return undefined;
  };
}

/** For the semantic cache alone; undefined where it is off. */
async function sameRequest({ settings, packs }: Site): Promise<SameRequest | undefined> {
  if (!settings.chat.cache_semantic) return undefined;
  const { createSameRequest } = await import("#recall/playbook/same-request.ts");
  return createSameRequest(packs.flatMap((pack) => pack.slots));
}

export const PARTS: readonly Part[] = [
  // First, so that it closes last: what the others do while they close is witnessed too.
  {
    service: "observe",
    plane: "improve",
    needs: [],
    async open(site) {
      const { createObserve } = await import("#improve/observe/observe-service.ts");
      const observe = await createObserve(base(site, "observe"), site.settings.observe);
      site.in_process.takeEvents = observe.takeOwn;
      return observe;
    },
  },
  {
    service: "storage",
    plane: "data",
    needs: [],
    async open(site) {
      const { createStorage } = await import("#data/storage/storage-service.ts");
      const buckets = await site.engines.buckets();
      return createStorage({ ...base(site, "storage"), ...buckets }, site.settings.storage);
    },
  },
  {
    service: "journal",
    plane: "data",
    needs: [],
    async open(site) {
      const { createJournal } = await import("#data/journal/journal-service.ts");
      return createJournal(base(site, "journal"), site.settings.journal);
    },
  },
  {
    service: "catalog",
    plane: "data",
    needs: ["storage", "journal"],
    async open(site) {
      const { createCatalog } = await import("#data/catalog/catalog-service.ts");
      const { storage, journal } = site.clients;
      const pointers = await site.engines.pointers();
      const needs = { ...base(site, "catalog"), storage, journal, pointers };
      return createCatalog(needs, site.settings.catalog);
    },
  },
  {
    service: "query",
    plane: "data",
    needs: ["catalog"],
    async open(site) {
      const { createQuery } = await import("#data/query/query-service.ts");
      const kb = kbRelations(site.data_dir);
      const chosen = await site.engines.queries();
      const needs = { ...base(site, "query"), catalog: site.clients.catalog, ...chosen, kb };
      return createQuery(needs, site.settings.query);
    },
  },
  {
    service: "ingest",
    plane: "data",
    needs: ["storage", "catalog", "journal"],
    async open(site) {
      const { createIngest } = await import("#data/ingest/ingest-service.ts");
      const { storage, catalog, journal } = site.clients;
      const engine = await site.engines.tables();
      const needs = { ...base(site, "ingest"), storage, catalog, journal, engine };
      return createIngest(needs, site.settings.ingest);
    },
  },
  {
    service: "rewrite",
    plane: "data",
    needs: ["storage", "catalog"],
    async open(site) {
      const { createRewrite } = await import("#data/rewrite/rewrite-service.ts");
      const { storage, catalog } = site.clients;
      const engine = await site.engines.tables();
      const needs = { ...base(site, "rewrite"), storage, catalog, engine };
      return createRewrite(needs, site.settings.rewrite);
    },
  },
  {
    service: "embed",
    plane: "models",
    needs: [],
    async open(site) {
      const { createEmbed } = await import("#models/embed/embed-service.ts");
      const embedders = await site.engines.embedders();
      const rerankers = await site.engines.rerankers();
      // Usage opens later, if it runs here.
      let witnessed: CallLedger | undefined;
      const ledger = () => (witnessed ??= witnessedLedger(site.in_process.ledger, site.tell));
      site.in_process.embedding_models = embedders.map(({ model }) => model);
      const needs = { ...base(site, "embed"), embedders, rerankers, ledger };
      return createEmbed(needs, site.settings.embed);
    },
  },
  {
    service: "usage",
    plane: "models",
    needs: [],
    async open(site) {
      const { createUsage } = await import("#models/usage/usage-service.ts");
      const { tokens } = site.settings.auth;
      const usage = await createUsage({ ...base(site, "usage"), tokens }, site.settings.usage);
      site.in_process.ledger = usage.ledger;
      site.in_process.holderOf = usage.holderOf;
      site.in_process.mayAsk = async ({ principal }) => usage.allowedTo(principal);
      return usage;
    },
  },
  {
    service: "chat",
    plane: "models",
    needs: ["usage"],
    async open(site) {
      const { createChat } = await import("#models/chat/chat-service.ts");
      const providers = await site.engines.chatProviders();
      const { ledger, mayAsk, embedding_models } = site.in_process;
      const own = base(site, "chat");
      if (ledger === undefined) own.log.warn({}, "usage does not run here: no ledger, no keys");
      const witnessed = witnessedLedger(ledger, site.tell);
      const tiers = tiersOf(site.settings.models);
      const same_request = await sameRequest(site);
      return createChat(
        { ...own, providers, ledger: witnessed, tiers, same_request, mayAsk, embedding_models },
        site.settings.chat,
      );
    },
  },
  {
    service: "vector",
    plane: "recall",
    needs: ["storage", "embed", "query"],
    async open(site) {
      const { createVector } = await import("#recall/vector/vector-service.ts");
      const { storage, embed, query } = site.clients;
      const engine = await site.engines.vectors();
      const needs = { ...base(site, "vector"), storage, embed, query, engine };
      return createVector(needs, site.settings.vector);
    },
  },
  {
    service: "pathway",
    plane: "recall",
    needs: ["embed"],
    async open(site) {
      const { createPathway } = await import("#recall/pathway/pathway-service.ts");
      const needs = { ...base(site, "pathway"), embed: site.clients.embed };
      return createPathway(needs, site.settings.pathway);
    },
  },
  {
    service: "playbook",
    plane: "recall",
    needs: ["embed"],
    async open(site) {
      const { createPlaybook } = await import("#recall/playbook/playbook-service.ts");
      const slots = site.packs.flatMap((pack) => pack.slots);
      const readRequest = requestReader(site.packs);
      const { embed } = site.clients;
      const places = () => site.in_process.places;
      const needs = { ...base(site, "playbook"), embed, slots, readRequest, places };
      return createPlaybook(needs, site.settings.playbook);
    },
  },
  {
    service: "matrix",
    plane: "recall",
    needs: ["embed", "vector", "playbook", "query", "catalog"],
    async open(site) {
      const { createMatrix } = await import("#recall/matrix/matrix-service.ts");
      const { embed, vector, playbook, query, catalog } = site.clients;
      const needs = { ...base(site, "matrix"), embed, vector, playbook, query, catalog };
      const { models, matrix: own } = site.settings;
      const weak_models = weakModels(models, own.weak_models);
      const service = await createMatrix(needs, { ...own, weak_models });
      site.in_process.places = service.places;
      return service;
    },
  },
  {
    service: "truth",
    plane: "work",
    needs: [],
    async open(site) {
      const { createTruth } = await import("#work/truth/truth-service.ts");
      const { log } = base(site, "truth");
      return createTruth({ packs: site.packs, log }, site.settings.truth);
    },
  },
  {
    service: "permission",
    plane: "work",
    needs: [],
    async open(site) {
      const { createPermission } = await import("#work/permission/permission-service.ts");
      return createPermission(base(site, "permission"), site.settings.permission);
    },
  },
  {
    service: "validate",
    plane: "work",
    needs: ["query"],
    async open(site) {
      const { createValidate } = await import("#work/validate/validate-service.ts");
      const { query } = site.clients;
      const needs = { ...base(site, "validate"), query, packs: site.packs };
      return createValidate(needs, site.settings.validate);
    },
  },
  {
    service: "iterate",
    plane: "work",
    needs: ["chat", "validate", "truth"],
    async open(site) {
      const { createIterate } = await import("#work/iterate/iterate-service.ts");
      const { chat, validate, truth } = site.clients;
      const needs = { ...base(site, "iterate"), chat, validate, truth, tell: site.tell };
      return createIterate(needs, site.settings.iterate);
    },
  },
  {
    service: "respond",
    plane: "work",
    needs: ["matrix", "pathway", "playbook", "permission", "iterate", "chat"],
    async open(site) {
      const { createRespond } = await import("#work/respond/respond-service.ts");
      const { matrix, pathway, playbook, permission, iterate, chat } = site.clients;
      const kb_dir = join(site.data_dir, "kb");
      const own = { ...base(site, "respond"), kb_dir, packs: site.packs, tell: site.tell };
      const asked = { matrix, pathway, playbook, permission, iterate, chat };
      return createRespond({ ...own, ...asked }, site.settings.respond);
    },
  },
  {
    service: "lift",
    plane: "improve",
    needs: ["matrix", "playbook", "embed"],
    async open(site) {
      const { createLift } = await import("#improve/lift/lift-service.ts");
      const { matrix, playbook, embed } = site.clients;
      const sets = {
        root: site.settings.sets_dir,
        domain: () => site.packs.flatMap((pack) => pack.liftSet() ?? []),
      };
      const needs = { ...base(site, "lift"), matrix, playbook, embed, sets };
      return createLift(needs, site.settings.lift);
    },
  },
];
