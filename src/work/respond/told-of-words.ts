// What a plan read in the words of a task and no validator takes: told of the words.
import { isDeepStrictEqual } from "node:util";
import { type InputIssue, type LakehouseError, retold } from "#kernel/problem.ts";

type Context = Readonly<Record<string, unknown>>;

const CONTEXT = "context.";
const VALUE_CHARACTERS_MAX = 200;

/**
 * The same error, said of `task` where it is about a context that nobody gave: `planned` is what
 * the validator was asked with, `given` what the caller sent along.
 */
export function toldOfWords(
  error: LakehouseError,
  planned: Context,
  given: Context,
): LakehouseError {
  if (error.code !== "invalid") return error;
  const issues = error.issues.map((issue) => ofWords(issue, planned, given));
  if (issues.every((issue, at) => issue === error.issues[at])) return error;
  const [first] = issues;
  return retold(error, {
    message: `${first!.path}: ${first!.message}`,
    hint: "say in the task what fits",
    issues,
  });
}

function ofWords(issue: InputIssue, planned: Context, given: Context): InputIssue {
  if (!issue.path.startsWith(CONTEXT)) return issue;
  const path = issue.path.slice(CONTEXT.length);
  const [field] = path.split(".") as [string];
  const is_given = Object.hasOwn(given, field);
  if (is_given && isDeepStrictEqual(given[field], planned[field])) return issue;
  const value = JSON.stringify(planned[field])?.slice(0, VALUE_CHARACTERS_MAX);
  const read =
    value === undefined ? `no ${field} was read in it` : `${value} was read in it as ${field}`;
  return { path: "task", message: `${read}: ${issue.message}` };
}
