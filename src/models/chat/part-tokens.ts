// What a part of a message may cost: text by its bytes, pictures, sound and pages by what they are.

type Part = Readonly<Record<string, unknown>>;

/** What a part that is not text takes, if its text is not more. A picture takes no more. */
const PART_TOKENS = 4096;

/**
 * Tokens of a letter of base64. Sound of 16 kbit/s and 25 tokens for each of its seconds, film
 * likewise; a PDF's page of 3,000 tokens (its text and its picture) in 24,000 letters.
 */
const SOUND = 1 / 64;
const PAGES = 1 / 8;

const RATES: ReadonlyMap<unknown, number> = new Map([
  ["image_url", 0],
  ["input_image", 0],
  ["image", 0],
  ["input_audio", SOUND],
  ["audio", SOUND],
  ["video_url", SOUND],
  ["video", SOUND],
  ["file", PAGES],
  ["input_file", PAGES],
  ["document", PAGES],
]);

/** Members under which those have their bytes, or an address. */
const BYTES: ReadonlySet<string> = new Set(["data", "file_data", "url", "image_url", "video_url"]);

/** An upper bound of a part's tokens: a provider may read as text whatever else stands in it. */
export function partTokensMax(part: Part): number {
  const { type, text, content, ...others } = part;
  const is_plain = type === "text" && typeof text === "string" && content === undefined;
  if (is_plain && Object.keys(others).length === 0) return Buffer.byteLength(text);
  if (type === "tool_result" && Array.isArray(content)) {
    const inner = content.reduce<number>((sum, one) => sum + partTokensMax(Object(one) as Part), 0);
    return inner + bytesOf({ ...part, content: undefined });
  }
  const rate = RATES.get(type);
  if (rate === undefined) return PART_TOKENS + bytesOf(part);
  let letters = 0;
  const rest = JSON.stringify(part, function (this: Part, name: string, value: unknown) {
    if (typeof value !== "string" || !BYTES.has(name) || !isMedia(this, value, rate)) return value;
    letters += value.length;
    return undefined;
  });
  return PART_TOKENS + Buffer.byteLength(rest) + Math.ceil(letters * rate);
}

/** Documents may be plain text, which counts as such. */
function isMedia({ type, media_type, filename }: Part, value: string, rate: number): boolean {
  if (type === "text" || value.startsWith("data:text/")) return false;
  if (rate !== PAGES) return true;
  const told = `${String(media_type)} ${String(filename)} ${value.slice(0, 64)}`;
  // "%PDF-" in base64, for those that say nothing of what it is.
  return /application\/pdf|\.pdf( |$)|(?:^| |,)JVBERi0/i.test(told);
}

function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
