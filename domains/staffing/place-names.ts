// Capitalised words that are a place, and those that are something else.
import { FIRST_NAMES, LAST_NAMES, MORE_FIRST_NAMES } from "./person-names.ts";
import { phraseMatcher } from "./phrase-matcher.ts";
import { FOREIGN_PROFESSIONS, pluralOf, ROLES } from "./roles.ts";
import { AVAILABLE_WORDS, CERTIFICATIONS, EXPERIENCE, RELIABLE_WORDS, SHIFTS } from "./terms.ts";

/** Large cities that are not served and whose names are no person's and no other word. */
const ELSEWHERE =
  "Atlanta|New York|New York City|Los Angeles|San Francisco|San Diego|San Antonio|San Jose|" +
  "Philadelphia|Phoenix|Houston|Boston|Seattle|Denver|Portland|Las Vegas|Miami|Tampa|Baltimore|" +
  "Sacramento|Oklahoma City|Tulsa|Omaha|Wichita|Albuquerque|El Paso|Fort Worth|New Orleans|" +
  "Salt Lake City|Raleigh|Birmingham|Jacksonville|Honolulu|Anchorage|Minneapolis-St. Paul|" +
  "Peoria|Ann Arbor|Knoxville|Chattanooga|Green Bay|Cedar Rapids|Youngstown|Evansville|" +
  "Sioux Falls|Little Rock|Baton Rouge|St. Paul|St Paul|Saint Paul|Long Beach|Newark|Hartford|" +
  "Scranton|Allentown|Kalamazoo|Saginaw|Dearborn|Sandusky|Naperville|Kenosha|Duluth|Dubuque|" +
  "Davenport|Bloomington|Champaign|Topeka|Tucson|Fresno|Mexico City|Toronto|Montreal|London";

/** Their names as they are written, whatever the case in the text. */
export const findElsewhere = phraseMatcher(
  new Map([
    ...ELSEWHERE.split("|").map((city) => [city, city] as const),
    ["NYC", "New York"] as const,
  ]),
);

const CALENDAR =
  "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|" +
  "June|July|August|September|October|November|December|Spring|Summer|Winter|Fall|Autumn|" +
  "Mon|Tues?|Wed|Thu|Thurs?|Fri|Sat|Sun|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|" +
  "Today|Tomorrow|Tonight|Midnight|Noon|Morning|Afternoon|Weekend|Weekday|Week|Christmas|" +
  "Thanksgiving|Easter|New Year|Labor Day|Memorial Day";
const PARTS =
  "Building|Dock|Line|Bay|Receiving|Shipping|Plant|Gate|Door|Room|Floor|Route|Site|Warehouse|" +
  "Shift|Unit|Lot|Zone|Store|Office";
const OTHERS =
  "Spanish|English|One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|Day|Night|Evening|First|" +
  "Second|Third|Any|All|Our|The|This|Next|Each|Start|Cover|Work|Fill|Help|Run|Load|Join|Be|" +
  "Replace|Please|Thanks?|Thank|Regards|Best|Cheers|Hello|Hi|Hey|Dear|Urgent|Asap|Need|Needed|" +
  "Send|Immediate|Immediately|Must|No|Not|Yes|Ok|Okay|Also|And|Or|But|With|We|It|They|You|I";
const NO_PLACE = new RegExp(`^(?:(?:${CALENDAR})s?|${PARTS}|${OTHERS})\\b`);
const COMPANIES =
  "Foods?|Logistics|Inc|LLC|Ltd|Corp|Corporation|Co|Company|Services?|Group|Industries|" +
  "Manufacturing|Warehouse|Distribution|Supply|Freight|Brothers|Bros|Sons|Systems|Solutions|" +
  "Partners|Packaging|Steel|Plastics|Motors|Hospital|Hotel|Bakery|Brewing|Builders|" +
  "Construction|Electric|Staffing|Team|Crew|Plant";
const COMPANY = new RegExp(`\\b(?:${COMPANIES})\\b`);

const TERMS = [SHIFTS, CERTIFICATIONS, AVAILABLE_WORDS, EXPERIENCE].flat();
const ROLE_WORDS = ROLES.flatMap(({ role, synonyms, phrases }) => [role, ...synonyms, ...phrases]);
const PHRASES = [...ROLE_WORDS, ...FOREIGN_PROFESSIONS, ...RELIABLE_WORDS];
const KNOWN_WORDS = new Set(
  [...PHRASES, ...PHRASES.map(pluralOf), ...TERMS.flatMap(({ words }) => words)].flatMap((words) =>
    words.toLowerCase().split(/[\s/-]+/),
  ),
);
const NAMES = new Set([...FIRST_NAMES, ...MORE_FIRST_NAMES, ...LAST_NAMES]);

/** Days, months, parts of a site, and words that only begin a sentence. */
export function isNoPlace(name: string): boolean {
  return NO_PLACE.test(name) || isKnownTerm(name);
}

/** Words of roles, shifts, certifications and the like, and nothing beside them. */
export function isKnownTerm(name: string): boolean {
  return name.split(/[\s-]+/).every((word) => KNOWN_WORDS.has(word.toLowerCase()));
}

const HOLIDAYS =
  "Black Friday|Cyber Monday|Good Friday|Martin Luther King(?:,? Jr\\.?)? (?:Day|Monday)|MLK Day|" +
  "(?:Christmas|New Year(?:['’]s)?) (?:Eve|Day)|Easter (?:Sunday|Monday)|Super Bowl(?: Sunday)?|" +
  "(?:Mother|Father|President|Veteran)(?:['’]s|s['’]?)? Day|Columbus Day|Independence Day|" +
  "(?:St\\.? Patrick|Valentine)(?:['’]s)? Day|Election Day|Thanksgiving(?: Day)?|Juneteenth|" +
  "Halloween|Prime Day|Boxing Day";
const HOLIDAY = new RegExp(`^(?:${HOLIDAYS})\\b`);
const STREET = /\b(?:Street|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Lane|Highway|Hwy|Building)\.?$/;

export function isHoliday(name: string): boolean {
  return HOLIDAY.test(name);
}

/** A company or a street. */
export function isThing(name: string): boolean {
  return STREET.test(name) || COMPANY.test(name);
}

/** A first or a last name that many people have. */
export function isNameWord(word: string): boolean {
  return NAMES.has(titled(word));
}

/** "SOUTH BEND", "south bend" → "South Bend". */
export function titled(name: string): string {
  return name.toLowerCase().replaceAll(/(?<!\p{L})\p{L}/gu, (one) => one.toUpperCase());
}

/** A person or a client, as far as can be told. */
export function isWhoNotWhere(name: string): boolean {
  return NAMES.has(/^\S+/.exec(name)![0]) || COMPANY.test(name);
}
