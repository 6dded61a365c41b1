// How deep a JSON text is nested, told before anybody walks through its values: each level of those
// takes a part of the stack in whoever checks, prints or logs them.
import { LIMITS } from "./limits.ts";
import { LakehouseError } from "./problem.ts";

/** Throws `invalid` (too_deep). A text that is no JSON passes: whoever parses it says so. */
export function checkJsonDepth(text: string, levels_max: number = LIMITS.json_levels_max): void {
  // Each level has an end too: a shorter text cannot be so deep, and most bodies end here.
  if (text.length <= 2 * levels_max || !mayBeDeep(text, levels_max)) return;
  if (levelsOf(text, levels_max) <= levels_max) return;
  const message = `the request body is nested deeper than ${levels_max} levels`;
  throw new LakehouseError("invalid", message, { reason: "too_deep" });
}

/** Whether there are so many brackets at all, wherever they stand. */
function mayBeDeep(text: string, levels_max: number): boolean {
  let found = 0;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++found > levels_max) return true;
    }
  }
  return false;
}

/** The deepest level, or the first that is too deep. */
function levelsOf(text: string, levels_max: number): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfText(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth++;
        if (depth > deepest) deepest = depth;
        if (deepest > levels_max) return deepest;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      default:
    }
  }
  return deepest;
}

/** Where the quote stands that ends a text: the next one that no backslash makes part of it. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text[before] === "\\") before--;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}
