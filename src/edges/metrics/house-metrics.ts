// What the house does and how it fares, as Prometheus reads it: counted from its events.
import { Registry } from "prom-client";
import type { EventInput } from "#contracts/observe.ts";
import type { KeyView } from "#contracts/usage.ts";
import type { ServiceHealth } from "#kernel/lifecycle.ts";
import { isModelCall } from "#kernel/span-names.ts";
import { healthGauges, keyGauges, processMetrics } from "./house-gauges.ts";
import { modelCounts } from "./model-counts.ts";
import { operationCounts } from "./operation-counts.ts";

export interface MetricsNeeds {
  readonly version: string;
  readonly health: () => Promise<Readonly<Record<string, ServiceHealth>>>;
  /** Virtual keys with what they have spent; none where usage does not run here. */
  readonly keys: () => Promise<readonly KeyView[]>;
}

export interface HouseMetrics {
  /** Counts a finished contract call or a call of a model; passes over what is neither. */
  take(event: EventInput): void;
  /** Prometheus' text format 0.0.4; `with_keys`: the budgets of virtual keys too. */
  text(with_keys: boolean): Promise<string>;
}

export function createHouseMetrics({ version, health, keys }: MetricsNeeds): HouseMetrics {
  const registry = new Registry();
  const countOperation = operationCounts(registry);
  const countModel = modelCounts(registry);
  processMetrics(registry, version);
  const tellHealth = healthGauges(registry);
  const of_keys = new Registry();
  const tellKeys = keyGauges(of_keys);
  return {
    take(event) {
      if (event.source === "contract") countOperation(event);
      else if (isModelCall(event)) countModel(event);
    },
    async text(with_keys) {
      tellHealth(await health());
      if (!with_keys) return registry.metrics();
      tellKeys(await keys());
      return `${await registry.metrics()}\n${await of_keys.metrics()}`;
    },
  };
}
