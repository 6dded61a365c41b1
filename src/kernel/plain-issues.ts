// What is wrong with a value that may have several forms: told of the form that it comes nearest.
import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** Zod's own words of a union. */
const UNTOLD = "Invalid input";

/** The issue itself; of a union those of its forms, which zod tells as "Invalid input" alone. */
export function plainIssues(issue: Issue): Issue[] {
  if (issue.code === "invalid_format") return [{ ...issue, message: formatMessage(issue) }];
  if (issue.code === "invalid_key") return [{ ...issue, message: keyMessage(issue) }];
  // A union that says itself what is right says it better.
  if (issue.code !== "invalid_union" || issue.message !== UNTOLD) return [issue];
  const forms = issue.errors.map((one) => one.flatMap(plainIssues));
  if (forms.length === 0) return [issue];
  const meant = forms.filter((one) => !one.some(isOtherType));
  const told = meant.length > 0 ? nearest(meant) : [otherType(forms)];
  return told.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
}

/** The value is of quite another type than this form. */
function isOtherType(issue: Issue): boolean {
  return issue.code === "invalid_type" && issue.path.length === 0;
}

/** The issues of the form that has the fewest; of forms that differ in one word, all words. */
function nearest(forms: Issue[][]): Issue[] {
  const fewest = forms.toSorted((a, b) => a.length - b.length)[0]!;
  if (!forms.every((one) => one.length === 1 && one[0]!.path.length === 0)) return fewest;
  const messages = [...new Set(forms.map(([one]) => one!.message))];
  return [{ ...fewest[0]!, message: messages.join(", or ") }];
}

function otherType(forms: Issue[][]): Issue {
  const types = forms.flat().filter(isOtherType) as z.core.$ZodIssueInvalidType[];
  const expected = [...new Set(types.map((one) => one.expected))].join(" or ");
  const received = /, received .*$/.exec(types[0]!.message)?.[0] ?? "";
  const message = `Invalid input: expected ${expected}${received}`;
  // As one type of them all, for a union in a union.
  return { ...types[0]!, expected: expected as "string", path: [], message };
}

const EXAMPLES: Readonly<Record<string, string>> = {
  datetime: "2027-01-31T00:00:00Z",
  date: "2027-01-31",
};

/** What is wrong with the name itself, which zod tells as "Invalid key in record" alone. */
function keyMessage({ issues, message }: z.core.$ZodIssueInvalidKey): string {
  const told = issues.map((one) => one.message).join(", or ");
  return told === "" ? message : `this name: ${told}`;
}

function formatMessage({ format, message }: z.core.$ZodIssueInvalidStringFormat): string {
  const example = EXAMPLES[format];
  return example === undefined ? message : `${message} (e.g. ${example})`;
}
