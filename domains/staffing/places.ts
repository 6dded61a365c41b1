// Cities and states in which staffing works, the most common first.

export interface Place {
  readonly city: string;
  readonly state: string;
}

export const STATES: Readonly<Record<string, string>> = {
  OH: "Ohio",
  MI: "Michigan",
  IN: "Indiana",
  IL: "Illinois",
  KY: "Kentucky",
  WI: "Wisconsin",
  MO: "Missouri",
  KS: "Kansas",
  TN: "Tennessee",
  PA: "Pennsylvania",
  MN: "Minnesota",
  IA: "Iowa",
};

const ELSEWHERE =
  "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|" +
  "DE Delaware|DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|LA Louisiana|" +
  "ME Maine|MD Maryland|MA Massachusetts|MS Mississippi|MT Montana|NE Nebraska|NV Nevada|" +
  "NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|" +
  "OK Oklahoma|OR Oregon|PR Puerto Rico|RI Rhode Island|SC South Carolina|SD South Dakota|" +
  "TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WY Wyoming";

/** Those staffing works in, and the others: a roster may hold people from there. */
export const ALL_STATES: Readonly<Record<string, string>> = {
  ...STATES,
  ...Object.fromEntries(ELSEWHERE.split("|").map((line) => [line.slice(0, 2), line.slice(3)])),
};

const LINES =
  "Columbus OH|Chicago IL|Toledo OH|Indianapolis IN|Detroit MI|Cleveland OH|Louisville KY|" +
  "Milwaukee WI|Dayton OH|Cincinnati OH|Nashville TN|Memphis TN|St. Louis MO|Kansas City MO|" +
  "Fort Wayne IN|Grand Rapids MI|Akron OH|Joliet IL|Pittsburgh PA|Minneapolis MN|Springfield IL|" +
  "Springfield OH|Springfield MO|Columbus IN|Kansas City KS|South Bend IN|Lansing MI|Rockford IL|" +
  "Lexington KY|Madison WI|Erie PA|Des Moines IA";

export const PLACES: readonly Place[] = LINES.split("|").map((line) => ({
  city: line.slice(0, -3),
  state: line.slice(-2),
}));

/** The state of a city whose name stands in one state only. */
export function onlyStateOf(city: string): string | undefined {
  const states = PLACES.filter((place) => place.city === city).map((place) => place.state);
  return states.length === 1 ? states[0] : undefined;
}
