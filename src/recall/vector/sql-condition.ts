// An SQL condition given by a caller, set into a SELECT that it cannot break out of.
import { LakehouseError } from "#kernel/problem.ts";
import type { IndexInfo } from "#contracts/vector.ts";

type Source = NonNullable<IndexInfo["source"]>;

/** `SELECT id FROM dataset [WHERE (condition)]`. Throws `invalid` (`sql_syntax`). */
export function idSelect({ dataset, id_column }: Source, condition: string): string {
  const select = `SELECT ${quoteName(id_column)} FROM ${quoteName(dataset)}`;
  if (condition.trim() === "") return select;
  checkClosed(condition);
  return `${select} WHERE (${condition})`;
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * The condition must be closed in itself: quotes ended, brackets paired, no comment that would
 * swallow what follows, no second statement. What it means is for the query service to judge.
 */
function checkClosed(condition: string): void {
  let depth = 0;
  for (let at = 0; at < condition.length; at++) {
    const char = condition[at]!;
    if (char === "'" || char === '"') at = endOfQuote(condition, at);
    else if (char === "(") depth++;
    else if (char === ")" && --depth < 0)
      throw syntax(at, "a bracket is closed that was not opened");
    else if (char === ";") throw syntax(at, "there may be no ;");
    else if (char === "$") throw syntax(at, "there may be no $ outside of quotes");
    else if (condition.startsWith("--", at) || condition.startsWith("/*", at)) {
      throw syntax(at, "there may be no comments");
    } else if (char === "\0") throw syntax(at, "there may be no zero character");
  }
  if (depth > 0) throw syntax(condition.length, "a bracket is not closed");
}

/** Position of the closing quote. In E'…' strings a backslash hides the character behind it. */
function endOfQuote(text: string, start: number): number {
  const quote = text[start]!;
  const escapes = quote === "'" && /(?:^|[^\w])e$/i.test(text.slice(Math.max(0, start - 2), start));
  for (let at = start + 1; at < text.length; at++) {
    if (escapes && text[at] === "\\") at++;
    else if (text[at] === quote && text[at + 1] === quote) at++;
    else if (text[at] === quote) return at;
  }
  throw syntax(start, "a quote is not closed");
}

function syntax(at: number, what: string): LakehouseError {
  return new LakehouseError("invalid", `sql_filter: ${what} (character ${at + 1})`, {
    reason: "sql_syntax",
    hint: "give a condition as it would stand after WHERE",
  });
}
