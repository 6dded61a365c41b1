// For tests: a model behind the asking function of iterate, that keeps what it was asked.
import type { ChatAnswer } from "#contracts/chat.ts";
import type { ChatMessage } from "#contracts/nouns.ts";
import type { AskedModel, AskModel } from "./ask-model.ts";

export interface Said {
  readonly asked: AskedModel;
  readonly messages: readonly ChatMessage[];
}

/** `answer` is given the last message and the request; four tokens are counted for each. */
export function askedModel(answer: (says: string, asked: AskedModel) => Partial<ChatAnswer>) {
  const said: Said[] = [];
  const ask: AskModel = async (asked, messages) => {
    said.push({ asked, messages: [...messages] });
    const usage = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 };
    const rest = answer(String(messages.at(-1)!.content), asked);
    return { usage, finish_reason: "length", model: "m", provider: "p", ...rest } as ChatAnswer;
  };
  return { ask, said };
}

export function spoken(messages: readonly ChatMessage[]): string[] {
  return messages.map(({ role, content }) => `${role}: ${String(content)}`);
}
