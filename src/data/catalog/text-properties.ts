// Properties: any JSON in our contracts, text in Iceberg's metadata.

/** Text stays as it is; anything else becomes JSON. */
export function toTexts(properties: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    texts[name] = typeof value === "string" ? value : JSON.stringify(value);
  }
  return texts;
}

/** Text that is exactly the JSON of a number, a boolean, a list … is read as that. */
export function fromTexts(texts: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fromText(text)]));
}

/** Most texts are names and ids: an error for each that is no JSON would cost much. */
const MAY_BE_JSON = /^(?:[[{].*|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)$/s;

function fromText(text: string): unknown {
  if (!MAY_BE_JSON.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    // A number with more digits than a double holds stays text.
    return JSON.stringify(value) === text ? value : text;
  } catch {
    return text;
  }
}
