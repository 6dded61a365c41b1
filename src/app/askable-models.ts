// Which models a caller may ask: the list of its virtual key, or all.
import type { Call } from "#kernel/call.ts";
import type { Handlers } from "#kernel/contract.ts";
import type { usage } from "#contracts/usage.ts";
import { namePatterns } from "#models/usage/name-pattern.ts";

/** A test for `provider/model`, by the keys as they are now. */
export function askableModels({ keys }: Pick<Handlers<typeof usage>, "keys">) {
  return async (call: Call): Promise<(full_name: string) => boolean> => {
    const { key_id } = call.principal;
    if (key_id === undefined) return () => true;
    const all = await keys({}, call);
    const key = all.keys.find((one) => one.key_id === key_id);
    return namePatterns(key?.models ?? []);
  };
}
