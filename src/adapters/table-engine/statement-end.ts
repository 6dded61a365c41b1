// Where the meaning of a statement ends: before its final semicolon, spaces and comments.

/** Text up to the last character that is not a space, a comment or a semicolon. Linear time. */
export function withoutTail(sql: string): string {
  let end = 0;
  let at = 0;
  while (at < sql.length) {
    const next = tokenEnd(sql, at);
    const silent = /[\s;]/.test(sql[at]!) || sql.startsWith("--", at) || sql.startsWith("/*", at);
    if (!silent) end = next;
    at = next;
  }
  return sql.slice(0, end);
}

function tokenEnd(sql: string, at: number): number {
  const two = sql.slice(at, at + 2);
  if (two === "--") return after(sql, "\n", at + 2);
  if (two === "/*") return after(sql, "*/", at + 2);
  const one = sql[at]!;
  if (one === "'" || one === '"') return after(sql, one, at + 1);
  if (one === "$") {
    const tag = /^\$[A-Za-z_]*\$/.exec(sql.slice(at, at + 64))?.[0];
    if (tag !== undefined) return after(sql, tag, at + tag.length);
  }
  return at + 1;
}

function after(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from);
  return found < 0 ? sql.length : found + mark.length;
}
