// Signs that say something, as words that every gate reads: "-18", "≥ 80", "$50", "5'", "10⁵".

const AMOUNT = String.raw`(\d+(?:[.,]\d+)*(?: ?[kK]\b)?)`;

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

const MONTHS =
  "january february march april may june july august september october november december".split(
    " ",
  );

/** In this order. */
const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/(?<![\p{L}\p{N}.])\.(?=\d)/gu, "0."],
  // Behind another number it is a range or a difference.
  [/(?<=^|[\s(=:])(?<!\d\s)[-−–](?=\d)/gu, "minus "],
  [/(?:>=|≥|=>) ?(?=\d|minus )/gu, " at least "],
  [/(?:<=|≤|=<) ?(?=\d|minus )/gu, " at most "],
  [/(?<![-=<])> ?(?=\d|minus )/gu, " more than "],
  [/(?<![-=>])< ?(?=\d|minus )/gu, " less than "],
  [/(?:≠|!=)/gu, " not "],
  // "03/04" is "3/4".
  [/(?<![\d.,:])0(?=\d\/)/gu, ""],
  [/(?<=\d\/)0(?=\d(?!\d))/gu, ""],
  [new RegExp(String.raw`\$ ?${AMOUNT}`, "gu"), "$1 dollars"],
  [new RegExp(`€ ?${AMOUNT}`, "gu"), "$1 euros"],
  [new RegExp(`£ ?${AMOUNT}`, "gu"), "$1 gbp"],
  [new RegExp(`¥ ?${AMOUNT}`, "gu"), "$1 yen"],
  [new RegExp(`₹ ?${AMOUNT}`, "gu"), "$1 rupees"],
  [/(\d) ?%/gu, "$1 percent"],
  [/(\d) ?€/gu, "$1 euros"],
  [/(\d) ?¥/gu, "$1 yen"],
  [/(\d) ?₹/gu, "$1 rupees"],
  [/(\d) ?° ?C\b/gu, "$1 celsius"],
  [/(\d) ?° ?F\b/gu, "$1 fahrenheit"],
  [/(\d) ?['′](?=$|[\s.,;?!)])/gu, "$1 feet"],
  [/(\d) ?″/gu, "$1 inches"],
];

/** An even number of quotes before it: it closes none. */
const INCHES = /(\d)"(?=$|[\s.,;?!)])/gu;
const ISO_DATE = /(?<![\d-])(\d{4})-(0\d|1[0-2])-([0-2]\d|3[01])(?![\d-])/gu;
const HAS_SIGN = /[$€£¥₹%°<>≤≥≠='′″"−–/-]|(?<![\p{L}\p{N}.])\.\d/u;

/** The text in compatible forms (NFKC), with such signs spelled out; most texts have none. */
export function spelledSigns(text: string): string {
  const powers = text.replace(
    /(?<=\d)[⁰¹²³⁴⁵⁶⁷⁸⁹]+/gu,
    (raised) => ` to the power of ${plain(raised)}`,
  );
  const normal = powers.normalize("NFKC").replaceAll("’", "'");
  if (!HAS_SIGN.test(normal)) return normal;
  const dated = normal.replace(ISO_DATE, (_, year: string, month: string, day: string) => {
    return `${MONTHS[Number(month) - 1] ?? month} ${Number(day)} ${year}`;
  });
  const measured = dated.replace(INCHES, (all: string, digit: string, at: number) => {
    const quotes = dated.slice(0, at).match(/["“”]/gu)?.length ?? 0;
    return quotes % 2 === 0 && !dated.slice(at + all.length).includes('"')
      ? `${digit} inches`
      : all;
  });
  return SIGNS.reduce((spelled, [sign, words]) => spelled.replace(sign, words), measured);
}

function plain(raised: string): string {
  return [...raised].map((digit) => SUPERSCRIPTS.indexOf(digit)).join("");
}
