// Numbers written as words, multipliers and units: what the number gate reads with.

export const SMALL_NUMBERS: ReadonlyMap<string, number> = new Map(
  `zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
  sixteen seventeen eighteen nineteen`
    .split(/\s+/u)
    .map((word, index) => [word, index] as const),
);

export const TENS: ReadonlyMap<string, number> = new Map(
  ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"].map(
    (word, index) => [word, (index + 2) * 10] as const,
  ),
);

export const MULTIPLIERS: ReadonlyMap<string, number> = new Map([
  ["hundred", 100],
  ["thousand", 1_000],
  ["million", 1_000_000],
  ["billion", 1_000_000_000],
]);

export const WHOLE_AMOUNTS: ReadonlyMap<string, number> = new Map([
  ["couple", 2],
  ["pair", 2],
  ["twice", 2],
  ["thrice", 3],
  ["dozen", 12],
]);

/** May stand between a number and its unit: "two working days", "a couple of weeks". */
export const BEFORE_UNIT: ReadonlySet<string> = new Set(
  "of business working calendar full whole more".split(" "),
);

export const ORDINALS: ReadonlyMap<string, number> = new Map(
  `first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth`
    .split(/\s+/u)
    .map((word, index) => [word, index + 1] as const),
);

/** Unit word → the quantity it measures and its size in the base unit of that quantity. */
export const UNITS: ReadonlyMap<string, readonly [quantity: string, size: number]> = new Map([
  ...units("duration", [
    [1, "second seconds sec secs"],
    [60, "minute minutes min mins"],
    [3_600, "hour hours hr hrs h"],
    [86_400, "day days"],
    [604_800, "week weeks wk wks"],
    [1_209_600, "fortnight fortnights"],
  ]),
  ...units("months", [
    [1, "month months"],
    [3, "quarter quarters"],
    [12, "year years yr yrs"],
    [120, "decade decades"],
    [1_200, "century centuries"],
  ]),
  ...units("percent", [[1, "percent pct"]]),
  ...units("yen", [[1, "yen jpy"]]),
  ...units("rupee", [[1, "rupee rupees inr"]]),
  ...units("yuan", [[1, "yuan rmb cny"]]),
  ...units("franc", [[1, "franc francs chf"]]),
  ...units("money", [[1, "dollar dollars usd buck bucks"]]),
  ...units("euro", [[1, "euro euros eur"]]),
  ...units("pound", [[1, "gbp quid"]]),
  ...units("length", [
    [1, "mm millimetre millimetres millimeter millimeters"],
    [10, "cm centimetre centimetres centimeter centimeters"],
    [25.4, "inch inches"],
    [304.8, "foot feet ft"],
    [914.4, "yard yards yd"],
    [1_000, "metre metres meter meters"],
    [1_000_000, "km kilometre kilometres kilometer kilometers"],
    [1_609_344, "mile miles mi"],
  ]),
  ...units("mass", [
    [1e-6, "mcg ug μg microgram micrograms"],
    [1e-3, "mg milligram milligrams"],
    [1, "gram grams g"],
    [28.35, "ounce ounces oz"],
    [453.6, "lb lbs"],
    [1_000, "kg kilo kilos kilogram kilograms"],
    [1_000_000, "tonne tonnes"],
  ]),
  ...units("volume", [
    [1, "ml millilitre millilitres milliliter milliliters"],
    [10, "cl centilitre centilitres centiliter centiliters"],
    [100, "dl decilitre decilitres deciliter deciliters"],
    [14.79, "tablespoon tablespoons tbsp"],
    [236.6, "cup cups"],
    [1_000, "l litre litres liter liters"],
    [3_785, "gallon gallons"],
  ]),
  ...units("celsius", [[1, "celsius centigrade"]]),
  ...units("fahrenheit", [[1, "fahrenheit"]]),
  ...units("data", [
    [1, "kb kilobyte kilobytes"],
    [1_000, "mb megabyte megabytes"],
    [1_000_000, "gb gigabyte gigabytes"],
    [1_000_000_000, "tb terabyte terabytes"],
  ]),
]);

function units(
  quantity: string,
  sizes: readonly (readonly [number, string])[],
): [string, readonly [string, number]][] {
  return sizes.flatMap(([size, words]) =>
    words.split(" ").map((word): [string, readonly [string, number]] => [word, [quantity, size]]),
  );
}
