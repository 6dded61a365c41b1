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
