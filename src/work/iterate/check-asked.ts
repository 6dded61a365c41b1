// What is checked before the first draft: the kind and its context, so that neither costs a model.
import { throwIfOver, type Call } from "#kernel/call.ts";
import type { Client, ParsedInputOf } from "#kernel/contract.ts";
import { toLakehouseError } from "#kernel/problem.ts";
import type { iterate } from "#contracts/iterate.ts";
import type { validate } from "#contracts/validate.ts";
import type { AskedModel } from "./ask-model.ts";

type Input = ParsedInputOf<(typeof iterate)["operations"]["iterate"]>;

export interface AskedKind {
  /** `<domain>.<kind>`, however the caller wrote it. */
  readonly name: string;
  /** The JSON schema that models are held to: the caller's, else that of the kind, if any. */
  readonly schema: AskedModel["schema"];
}

/** The caller's own faults; anything else is met (and recorded) in the session itself. */
const OF_THE_CALLER: ReadonlySet<string> = new Set(["no_such_kind", "invalid_input"]);

/** Throws `not_found` (no_such_kind) and `invalid` (invalid_input) as validate says them. */
export async function checkAsked(
  client: Client<typeof validate>,
  { kind, context, schema: wanted }: Input,
  call: Call,
): Promise<AskedKind> {
  try {
    const known = await client.check_context({ kind, context }, call);
    const schema = wanted ?? known.schema;
    const held = schema === undefined ? undefined : { name: known.kind, schema };
    return { name: `${known.domain}.${known.kind}`, schema: held };
  } catch (thrown) {
    if (OF_THE_CALLER.has(toLakehouseError(thrown).reason)) throw thrown;
    throwIfOver(call);
    return {
      name: kind,
      schema: wanted === undefined ? undefined : { name: kind, schema: wanted },
    };
  }
}
