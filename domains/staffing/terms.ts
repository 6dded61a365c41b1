// Shifts, certifications, availability and experience: the words a request may use for each.

/** One value and the ways people write it. */
export interface Term {
  readonly value: string;
  readonly words: readonly string[];
}

const term = (value: string, ...words: string[]): Term => ({ value, words });

export const SHIFTS: readonly Term[] = [
  term(
    "day",
    "day shift",
    "days",
    "first shift",
    "1st shift",
    "day crew",
    "daytime shift",
    "dayshift",
  ),
  term(
    "evening",
    "evening shift",
    "evenings",
    "second shift",
    "2nd shift",
    "swing shift",
    "afternoon shift",
  ),
  term(
    "night",
    "night shift",
    "nights",
    "third shift",
    "3rd shift",
    "overnight shift",
    "overnights",
    "graveyard shift",
    "overnight",
    "nightshift",
  ),
];

const CERTIFICATION_TERMS: readonly Term[] = [
  term(
    "forklift",
    "forklift licensed",
    "forklift permit",
    "forklift card",
    ...["", "a "].flatMap((a) => [
      `certified on ${a}forklift`,
      `licensed on ${a}forklift`,
      `certified to drive ${a}forklift`,
      `certified to operate ${a}forklift`,
      `licensed to drive ${a}forklift`,
      `licensed to operate ${a}forklift`,
    ]),
    "forklift certification",
    "forklift certified",
    "forklift-certified",
    "forklift license",
    "forklift licence",
    "forklift cert",
    "forklift ticket",
  ),
  term("OSHA 10", "OSHA 10", "OSHA-10", "OSHA ten"),
  term("OSHA 30", "OSHA 30", "OSHA-30"),
  term("CDL-A", "CDL-A", "CDL A", "class A CDL", "class A license", "CDL class A"),
  term("hazmat", "hazmat endorsement", "hazmat endorsed", "hazmat"),
  term(
    "AWS D1.1",
    "AWS D1.1",
    "AWS certified",
    "AWS certification",
    "AWS-certified",
    "AWS cert",
    "D1.1 certified",
  ),
  term(
    "lockout tagout",
    "lockout tagout",
    "lockout/tagout",
    "LOTO",
    "lock out/tag out",
    "lock out tag out",
    "lockout & tagout",
    "lockout and tagout",
  ),
  term(
    "food handler",
    "food handler card",
    "food handler",
    "food handlers card",
    "food handler's card",
  ),
  term("ServSafe", "ServSafe", "Serv Safe"),
  term("Six Sigma", "Six Sigma"),
  term("IPC-A-610", "IPC-A-610", "IPC 610"),
  term("journeyman license", "journeyman license", "journeyman's license", "journeyman card"),
  term("guard card", "guard card"),
  term("first aid", "first aid", "first-aid"),
  term("DOT medical card", "DOT medical card", "DOT card", "DOT physical"),
  term("NIMS", "NIMS"),
  term("EPA 608", "EPA 608"),
  term("clean driving record", "clean driving record", "clean driving history", "clean MVR"),
  term(
    "bloodborne pathogens",
    "bloodborne pathogens",
    "bloodborne pathogen",
    "blood borne pathogens",
    "blood borne pathogen",
  ),
  term(
    "pesticide applicator",
    "pesticide applicator",
    "pesticide license",
    "pesticide applicator license",
    "pesticide applicators license",
    "pesticide applicator's license",
  ),
  term("typing 60 wpm", "typing 60 wpm", "type 60 wpm", "types 60 wpm", "60 wpm"),
];

const PAPER =
  /\b(?:certification|cert|licen[sc]e|card|ticket|permit|endorsement|applicator|forklift)$/;

export const CERTIFICATIONS: readonly Term[] = CERTIFICATION_TERMS.map(({ value, words }) => ({
  value,
  words: words.flatMap((one) => (PAPER.test(one) ? [one, `${one}s`] : [one])),
}));

/** Availability as it stands in the data, most common first. */
export const AVAILABILITY = [
  "any day",
  "not available weekends",
  "weekdays and Saturdays",
  "weekends only",
  "on call at short notice",
] as const;

/** Times of the week a request may ask for, and the availabilities that serve them. */
export const AVAILABLE: Readonly<Record<string, readonly string[]>> = {
  weekends: ["any day", "weekends only", "on call at short notice"],
  saturdays: ["any day", "weekdays and Saturdays", "weekends only", "on call at short notice"],
  weekdays: [
    "any day",
    "not available weekends",
    "weekdays and Saturdays",
    "on call at short notice",
  ],
  "short notice": ["on call at short notice"],
};

export const AVAILABLE_WORDS: readonly Term[] = [
  term("saturdays", "saturdays", "saturday", "this saturday", "on saturday"),
  term(
    "weekends",
    "weekends",
    "weekend",
    "saturday and sunday",
    "saturdays and sundays",
    "sat & sun",
    "sat and sun",
  ),
  term(
    "weekdays",
    "weekdays",
    "weekday",
    "monday to friday",
    "monday through friday",
    "mon-fri",
    "M-F",
  ),
  term("short notice", "short notice", "on call", "on-call", "last minute", "last-minute"),
];

/** Experience that stands only in the notes of a worker. */
export const EXPERIENCE: readonly Term[] = [
  term("cold storage", "cold storage", "freezer", "freezer work", "refrigerated warehouse"),
  term("food grade", "food grade", "food-grade", "food plant"),
  term("high reach", "high reach", "high-reach", "reach truck"),
  term("Spanish", "Spanish", "bilingual", "Spanish-speaking", "speaks Spanish", "speak Spanish"),
  term("clean room", "clean room", "cleanroom", "clean-room"),
  term("automotive", "automotive", "auto plant", "car plant"),
  term(
    "team lead",
    "team lead",
    "team-lead",
    "lead a crew",
    "led a crew",
    "crew lead",
    "led a team",
  ),
  term(
    "training",
    "trained new hires",
    "train new hires",
    "training new hires",
    "onboarding new hires",
  ),
  term("stainless", "stainless", "stainless steel"),
  term("hospital", "hospital", "hospitals", "medical center"),
];

/** Reliability a request calls for in words; in the data it is a number from 0 to 1. */
export const RELIABLE_MIN = 0.9;
export const RELIABLE_WORDS = [
  "highly reliable",
  "very reliable",
  "most reliable",
  "reliable",
  "dependable",
  "rock solid",
  "rock-solid",
  "never miss a shift",
  "never misses a shift",
  "always show up",
  "always shows up",
  "no no-shows",
  "no-show free",
  "best attendance",
  "perfect attendance",
  "good attendance",
  "great attendance",
  "count on",
];
