// Patterns of names in which * stands for any text.

/** A test for names; everything but `*` means itself. */
export function namePattern(pattern: string): (name: string) => boolean {
  if (pattern === "*") return () => true;
  const parts = pattern.split("*");
  if (parts.length === 1) return (name) => name === pattern;
  const [head, ...rest] = parts;
  const tail = rest.pop()!;
  return (name) => {
    // By hand: a pattern of many stars must not make a regular expression backtrack.
    if (!name.startsWith(head!)) return false;
    let at = head!.length;
    for (const part of rest) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return name.length - tail.length >= at && name.endsWith(tail);
  };
}

/** Whether one of the patterns fits; the patterns are read once. */
export function namePatterns(patterns: readonly string[]): (name: string) => boolean {
  const tests = patterns.map(namePattern);
  return (name) => tests.some((test) => test(name));
}
