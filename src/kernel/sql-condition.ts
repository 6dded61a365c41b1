// An SQL condition given by a caller: whether it can be set into brackets and not break out.
import { LakehouseError } from "./problem.ts";

/**
 * The condition must be closed in itself: quotes ended, brackets paired, no comment that would
 * swallow what follows, no second statement. What it means is for the query service to judge.
 * Throws `invalid` (`sql_syntax`); `field` is what the caller calls the condition.
 */
export function checkClosed(field: string, condition: string): void {
  const fault = faultOf(condition);
  if (fault === undefined) return;
  const message = `${fault.what} (character ${fault.at + 1})`;
  throw new LakehouseError("invalid", `${field}: ${message}`, {
    reason: "sql_syntax",
    hint: "give a condition as it would stand after WHERE",
    issues: [{ path: field, message }],
  });
}

interface Fault {
  readonly at: number;
  readonly what: string;
}

function faultOf(condition: string): Fault | undefined {
  let depth = 0;
  for (let at = 0; at < condition.length; at++) {
    const char = condition[at]!;
    if (char === "'" || char === '"') {
      const end = endOfQuote(condition, at);
      if (end === undefined) return { at, what: "a quote is not closed" };
      at = end;
    } else if (char === "(") depth++;
    else if (char === ")") {
      if (--depth < 0) return { at, what: "a bracket is closed that was not opened" };
    } else if (char === ";") return { at, what: "there may be no ;" };
    else if (char === "$") return { at, what: "there may be no $ outside of quotes" };
    else if (char === "\0") return { at, what: "there may be no zero character" };
    else if (condition.startsWith("--", at) || condition.startsWith("/*", at)) {
      return { at, what: "there may be no comments" };
    }
  }
  return depth > 0 ? { at: condition.length, what: "a bracket is not closed" } : undefined;
}

/** Position of the closing quote. In E'…' strings a backslash hides the character behind it. */
function endOfQuote(text: string, start: number): number | undefined {
  const quote = text[start]!;
  const escapes = quote === "'" && /(?:^|[^\w])e$/i.test(text.slice(Math.max(0, start - 2), start));
  for (let at = start + 1; at < text.length; at++) {
    if (escapes && text[at] === "\\") at++;
    else if (text[at] === quote && text[at + 1] === quote) at++;
    else if (text[at] === quote) return at;
  }
  return undefined;
}
