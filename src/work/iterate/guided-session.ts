// What a session with a small model has learnt: what is left to choose, and how warm to draft.
import { canonicalJson } from "#kernel/ids.ts";
import type { Attempt } from "#contracts/iterate.ts";
import type { AttemptRequest } from "./attempt.ts";
import { afterRefusal, choicesOf, type ChoiceForm } from "./guided-choice.ts";

/** A small model that repeats itself at one temperature says something else at a higher one. */
const WARMER = 0.4;
const WARMEST = 1.2;

export interface Guide {
  /** The request with what is left to choose from, as warm as it takes. */
  guided(request: AttemptRequest): AttemptRequest;
  refused(attempt: Attempt): void;
}

interface Guided extends ChoiceForm {
  readonly guided: boolean;
  readonly schema?: Readonly<Record<string, unknown>> | undefined;
}

/** Changes nothing unless the caller asked for guidance. */
export function createGuide(input: Guided): Guide {
  const { guided, schema } = input;
  let choices = guided && schema !== undefined ? choicesOf(schema, input) : undefined;
  let warmer = 0;
  const seen = new Set<string>();

  return {
    guided(request) {
      if (!guided) return request;
      const { temperature: own = 0 } = request.chat;
      const temperature = Math.max(own, Math.min(WARMEST, own + warmer));
      return { ...request, chat: { ...request.chat, temperature, choices } };
    },
    refused(attempt) {
      if (!guided) return;
      if (choices !== undefined) {
        const left = afterRefusal(choices, attempt);
        // Nobody was at fault by name: judged again it would be the same; as a list it is told why.
        choices = left === choices ? { ...choices, judge: undefined } : left;
      }
      const draft = canonicalJson(attempt.artifact ?? attempt.raw);
      if (seen.has(draft)) warmer += WARMER;
      seen.add(draft);
    },
  };
}
