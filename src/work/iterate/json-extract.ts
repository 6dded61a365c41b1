// Finds the first balanced JSON object in what a model said: fenced, bare, or inside prose.

/** A fenced block whose info string is empty or json; others (echoed prompts, code) are skipped. */
const FENCE = /```[ \t]*(\w[\w-]*)?[^\n]*\n([\s\S]*?)```/g;

/**
 * The object, or undefined when there is none that can be read. Order: fenced blocks marked json,
 * fenced blocks without a mark, then the bare text. `<think>` blocks are no answer. An object that
 * is broken or cut off is never replaced by one of its parts: that would lose the rest silently.
 */
export function extractJson(text: string): Record<string, unknown> | undefined {
  const spoken = afterThinking(text);
  const fences = [...spoken.matchAll(FENCE)];
  for (const mark of ["json", undefined]) {
    for (const fence of fences) {
      if (fence[1]?.toLowerCase() !== mark) continue;
      const found = firstObject(fence[2]!);
      if (found !== undefined) return found;
    }
  }
  const prose = fences.length === 0 ? spoken : spoken.replaceAll(FENCE, dropForeignFence);
  return firstObject(prose);
}

function dropForeignFence(block: string, mark: string | undefined): string {
  return mark === undefined || mark.toLowerCase() === "json" ? block : " ";
}

/** Some servers cut the opening tag off: what stands before a lone closing tag is thinking too. */
function afterThinking(text: string): string {
  const close = text.indexOf("</think>");
  const open = text.indexOf("<think>");
  if (close < 0 || (open >= 0 && open < close)) return text;
  const before = text.slice(0, close);
  // A closing tag inside a JSON string is data.
  return firstObjectEnd(text) > close && before.includes("{") ? text : text.slice(close + 8);
}

function firstObject(text: string): Record<string, unknown> | undefined {
  for (const [start, end] of objectSpans(text)) {
    try {
      return JSON.parse(text.slice(start, end)) as Record<string, unknown>;
    } catch {
      continue;
    }
  }
  return undefined;
}

function firstObjectEnd(text: string): number {
  for (const [, end] of objectSpans(text)) return end;
  return -1;
}

/** An opening brace that starts an object, also one in the loose spelling of JavaScript. */
const OBJECT_START = /\{\s*(?:["'}]|[A-Za-z_$][\w$]*\s*:)/y;

/** Spans of balanced objects, outermost first to last, outside of `<think>` blocks. Linear time. */
function* objectSpans(text: string): Generator<[number, number]> {
  let at = 0;
  let think = text.indexOf("<think>");
  while (at < text.length) {
    const brace = text.indexOf("{", at);
    if (brace < 0) return;
    if (think >= 0 && think < at) think = text.indexOf("<think>", at);
    if (think >= 0 && think < brace) {
      const close = text.indexOf("</think>", think);
      if (close < 0) return;
      at = close + 8;
      continue;
    }
    OBJECT_START.lastIndex = brace;
    if (!OBJECT_START.test(text)) {
      at = brace + 1;
      continue;
    }
    const end = balancedEnd(text, brace);
    if (end < 0) return;
    yield [brace, end];
    at = end;
  }
}

/** The offset just after the brace that closes the one at `start`; -1 when it is cut off. */
function balancedEnd(text: string, start: number): number {
  let depth = 0;
  let in_string = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (in_string) {
      if (char === "\\") at++;
      else if (char === '"') in_string = false;
    } else if (char === '"') in_string = true;
    else if (char === "{") depth++;
    else if (char === "}" && --depth === 0) return at + 1;
  }
  return -1;
}
