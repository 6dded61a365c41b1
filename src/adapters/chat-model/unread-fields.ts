// Fields of a request that a provider has no place for: left out, and its caller is told so.
import type { ChatRequest } from "#ports/chat-model.ts";

/** Notes for the answer: [] when all that was `asked` is `read`; `more` names what else is not. */
export function unreadFields(
  asked: ChatRequest["extra"],
  read: ReadonlySet<string>,
  more: readonly string[] = [],
): string[] {
  const names = Object.keys(asked ?? {}).filter((name) => !read.has(name));
  const all = [...names, ...more];
  return all.length === 0 ? [] : [`${all.join(", ")}: this provider has no such field, left out`];
}
