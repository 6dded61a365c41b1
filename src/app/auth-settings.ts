// Section [auth]: who may ask, and how much each token may ask of models.
import { z } from "zod";
import { LOCAL_PRINCIPAL } from "#kernel/call.ts";
import { secretReference } from "#kernel/secret-reference.ts";
import { callerLimits } from "#contracts/usage.ts";
import { isLimited } from "#models/usage/held-tokens.ts";

const token = z.strictObject({
  name: z.string().min(1),
  token: secretReference.describe("a reference: env:NAME or file:/path (mode 0600)"),
  scopes: z.array(z.enum(["read", "write", "admin"])).min(1),
  ...callerLimits,
});
type TokenSettings = z.output<typeof token>;

const TOKEN: z.input<typeof token> = {
  name: "ci",
  token: "env:CI_TOKEN",
  scopes: ["read", "write"],
  models: ["ollama/*"],
  requests_per_minute: 60,
  tokens_per_minute: 100_000,
  budget: { day_tokens: 1_000_000, month_cost: 20 },
};

export const authSettings = z.strictObject({
  tokens: z
    .array(token)
    .default([])
    .superRefine((tokens, context) => {
      for (const [index, one] of tokens.entries()) {
        const message = limitsFault(one, tokens);
        if (message !== undefined) context.addIssue({ code: "custom", path: [index], message });
      }
    })
    .describe(
      "each: name, token, scopes; models, requests_per_minute, tokens_per_minute and budget as keys",
    )
    .meta({ examples: [TOKEN] }),
  token: secretReference
    .default("")
    .describe("reference of the token that commands and services apart send to a server"),
  allow: z
    .array(z.string())
    .max(10_000)
    .default([])
    .describe("addresses and networks (10.0.0.0/8) that may ask, this machine too; empty: all"),
});

/** A caller is known by the name: what it has spent is counted under it. */
function limitsFault(one: TokenSettings, all: readonly TokenSettings[]): string | undefined {
  if (isLimited(one) && one.name === LOCAL_PRINCIPAL.name) {
    return `"${one.name}" is the owner's own name: a token with limits has another`;
  }
  const first = all.find(({ name }) => name === one.name)!;
  if (JSON.stringify(limitsOf(first)) === JSON.stringify(limitsOf(one))) return undefined;
  return `a token "${one.name}" stands above with other limits: those of one name share them`;
}

function limitsOf({ models, requests_per_minute, tokens_per_minute, budget }: TokenSettings) {
  return { models, requests_per_minute, tokens_per_minute, budget };
}
