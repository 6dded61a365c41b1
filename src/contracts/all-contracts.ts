// Every contract of the house by service name: the one list that edges and app work from.
import type { Client } from "#kernel/contract.ts";
import { catalog } from "./catalog.ts";
import { chat } from "./chat.ts";
import { embed } from "./embed.ts";
import { ingest } from "./ingest.ts";
import { iterate } from "./iterate.ts";
import { journal } from "./journal.ts";
import { lift } from "./lift.ts";
import { matrix } from "./matrix.ts";
import { observe } from "./observe.ts";
import { pathwayContract } from "./pathway.ts";
import { permission } from "./permission.ts";
import { playbookContract } from "./playbook.ts";
import { query } from "./query.ts";
import { respond } from "./respond.ts";
import { rewrite } from "./rewrite.ts";
import { storage } from "./storage.ts";
import { truth } from "./truth.ts";
import { usage } from "./usage.ts";
import { validate } from "./validate.ts";
import { vector } from "./vector.ts";

export const ALL_CONTRACTS = {
  storage,
  journal,
  catalog,
  query,
  ingest,
  rewrite,
  embed,
  usage,
  chat,
  vector,
  pathway: pathwayContract,
  playbook: playbookContract,
  matrix,
  truth,
  permission,
  validate,
  iterate,
  respond,
  observe,
  lift,
} as const;

export type ServiceName = keyof typeof ALL_CONTRACTS;

/** A client of every service, wherever each runs. */
export type Clients = { readonly [N in ServiceName]: Client<(typeof ALL_CONTRACTS)[N]> };

export const SERVICE_NAMES = Object.keys(ALL_CONTRACTS) as ServiceName[];
