// Finds where an object of strict JSON ends in what a model says.

/** The offset just after the brace that closes the one at `start`; -1: not before `limit`. */
export function strictEnd(text: string, start: number, limit = text.length): number {
  let depth = 0;
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      for (at++; at < limit && text.charCodeAt(at) !== 34; at++) {
        if (text.charCodeAt(at) === 92) at++;
      }
    } else if (code === 123) depth++;
    else if (code === 125 && --depth === 0) return at + 1;
  }
  return -1;
}
