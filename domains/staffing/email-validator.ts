// Judges an e-mail to a worker: right recipient, nobody's private data, parts and tone in order.
import { z } from "zod";
import {
  artifactSchema,
  checkInput,
  type ValidationError,
  type Validator,
  type ValidatorTools,
} from "#pack.ts";
import { isAddress, othersAddressIn, sameAddress } from "./email-addresses.ts";
import { firstName } from "./name-form.ts";
import { legible, lower, wholeWords } from "./plain-text.ts";
import { nationalNumber, phonesIn, holdsSsn } from "./private-numbers.ts";
import { textOf, type WorkerRow } from "./roster-values.ts";
import { schemaFault } from "./schema-fault.ts";
import { rosterIdsAmong } from "./roster-ids.ts";
import { shortWorkerIdsIn, withoutWorkerIds, workerIdOf, workerIdsIn } from "./worker-ids.ts";

const SUBJECT_MAX = 120;
const BODY_MIN = 60;
const BODY_MAX = 2_000;

const artifactShape = z.strictObject({ to: z.string(), subject: z.string(), body: z.string() });
type Email = z.output<typeof artifactShape>;

const contextShape = z.strictObject({
  worker_id: z.string().optional(),
  must_mention: z.array(z.string().min(1)).max(100).default([]),
});

/** Whom to write to and what about; throws `invalid` (invalid_input) for anything else. */
export function emailContext(context: Readonly<Record<string, unknown>>) {
  const asked = checkInput(z.strictObject({ context: contextShape }), { context }).context;
  if (asked.worker_id === undefined) return asked;
  return { ...asked, worker_id: workerIdOf(asked.worker_id) ?? asked.worker_id };
}

const GREETING = /^\s*(?:hi|hello|dear|good (?:morning|afternoon|evening))\b[^\n]*/i;
const SIGN_OFF = /\b(?:regards|thank you|thanks|sincerely|best)\b[\s\S]{0,80}$/i;

/** Words that threaten, beg or promise what nobody can keep. */
const BAD_TONE = [
  "or else",
  "last chance",
  "final warning",
  "you must",
  "stupid",
  "lazy",
  "useless",
  "desperate",
  "guaranteed",
  "guarantee you",
  "cheap labor",
  "no excuses",
  "shut up",
  "immediately or",
  "you will be fired",
  "easy money",
  "act now",
  "stupidly",
  "stupidity",
  "laziness",
  "desperately",
  "uselessly",
];
const TONE = wholeWords(BAD_TONE);
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const BODY_CONTROL = /(?![\n\r\t])\p{Cc}/u;

export const emailValidator: Validator = {
  summary: "right recipient, no private data of others, length, greeting, facts, sign-off, tone",
  schema: artifactSchema(artifactShape),
  async validate(artifact, context, tools) {
    const { worker_id, must_mention } = emailContext(context);
    const parsed = artifactShape.safeParse(artifact);
    if (!parsed.success) {
      return { ok: false, error: schemaFault(parsed.error, artifact, "to", "text") };
    }
    const email = parsed.data;
    const rows = await recipientRows(worker_id, tools);
    const [worker] = rows;
    if (worker === undefined) {
      return no("phantom", "worker_id", `${worker_id ?? "no worker"} is not in the roster`);
    }
    const error =
      recipientError(email, rows) ??
      privacyError(email, worker) ??
      lengthError(email) ??
      (await shortIdError(email, worker, tools)) ??
      partsError(email, worker, must_mention) ??
      toneError(email);
    if (error !== undefined) return { ok: false, error };
    const checks = ["schema", "recipient", "privacy", "length", "parts", "tone"];
    return { ok: true, checks, grounded: true };
  },
};

type Kind = ValidationError["kind"];

function fault(kind: Kind, field: string, message: string, expected?: string): ValidationError {
  return { kind, field, message, ...(expected === undefined ? {} : { expected }) };
}

function no(kind: Kind, field: string, message: string, expected?: string) {
  return { ok: false as const, error: fault(kind, field, message, expected) };
}

/** All rows of the worker: a roster may hold one twice. */
async function recipientRows(
  worker_id: string | undefined,
  tools: ValidatorTools,
): Promise<WorkerRow[]> {
  if (worker_id === undefined) return [];
  return tools.rows("SELECT worker_id, name, email, phone FROM workers WHERE worker_id = $1", [
    worker_id,
  ]);
}

function recipientError(email: Email, rows: readonly WorkerRow[]): ValidationError | undefined {
  for (const row of rows) {
    const expected = textOf(row, "email");
    const who = textOf(row, "name") || textOf(row, "worker_id");
    if (!isAddress(expected)) {
      const message = `the roster has no e-mail address for ${who} that can be written to`;
      return { kind: "consistency", field: "to", message, actual: email.to };
    }
    if (sameAddress(email.to, expected)) continue;
    const message = `${email.to} is not the address of ${who}`;
    return { kind: "consistency", field: "to", message, expected, actual: email.to };
  }
  return undefined;
}

/** Nothing private of anyone else, and nobody's social security number at all. */
function privacyError(email: Email, worker: WorkerRow): ValidationError | undefined {
  for (const field of ["subject", "body"] as const) {
    const text = legible(email[field]);
    if (holdsSsn(text))
      return fault("policy", field, "holds what looks like a social security number");
    const own_phone = nationalNumber(textOf(worker, "phone"));
    if (phonesIn(withoutWorkerIds(text)).some((phone) => phone !== own_phone)) {
      return fault("policy", field, "holds a phone number that is not the recipient's");
    }
    if (othersAddressIn(text, lower(textOf(worker, "email"))) !== undefined) {
      return fault("policy", field, "holds an e-mail address that is not the recipient's");
    }
    const own_id = workerIdOf(textOf(worker, "worker_id"));
    const other = workerIdsIn(text).find((id) => id !== own_id);
    if (other !== undefined) return namesOther(field, other);
  }
  return undefined;
}

function namesOther(field: string, id: string): ValidationError {
  return fault("policy", field, `names another worker (${id})`);
}

/** Ids of few digits are those of others only where the roster has them: W-101 may be a gate. */
async function shortIdError(
  email: Email,
  worker: WorkerRow,
  tools: ValidatorTools,
): Promise<ValidationError | undefined> {
  const own_id = textOf(worker, "worker_id");
  for (const field of ["subject", "body"] as const) {
    const ids = shortWorkerIdsIn(email[field]).map((one) => one.id);
    const known = await rosterIdsAmong(ids, tools);
    const other = ids.find((id) => known.has(id) && id !== own_id);
    if (other !== undefined) return namesOther(field, other);
  }
  return undefined;
}

function lengthError({ subject, body }: Email): ValidationError | undefined {
  if (legible(subject).trim() === "")
    return fault("completeness", "subject", "the subject is empty");
  if (subject.length > SUBJECT_MAX || CONTROL.test(subject)) {
    return fault(
      "policy",
      "subject",
      `the subject is one line of at most ${SUBJECT_MAX} characters`,
    );
  }
  if (body.length < BODY_MIN || body.length > BODY_MAX) {
    const message = `the body has ${body.length} characters, not ${BODY_MIN} to ${BODY_MAX}`;
    return fault(body.length < BODY_MIN ? "completeness" : "policy", "body", message);
  }
  if (BODY_CONTROL.test(body)) return fault("policy", "body", "holds a control character");
  return undefined;
}

function partsError(
  { subject, body }: Email,
  worker: WorkerRow,
  must_mention: readonly string[],
): ValidationError | undefined {
  const first_name = firstName(textOf(worker, "name"));
  const greeting = GREETING.exec(legible(body));
  if (greeting === null || (first_name !== "" && !wholeWords([first_name]).test(greeting[0]))) {
    return fault(
      "completeness",
      "body",
      `begins without greeting ${first_name}`,
      `Hi ${first_name},`,
    );
  }
  const text = lower(`${subject}\n${body}`);
  for (const fact of must_mention) {
    if (mentions(text, lower(fact))) continue;
    return fault("completeness", "body", `does not mention "${fact}"`, fact);
  }
  if (!SIGN_OFF.test(body))
    return fault("completeness", "body", "ends without a sign-off", "Thank you,");
  return undefined;
}

/** "$18" is "$18.00". */
const AMOUNT = /[$€£]\s?[\d,]+$/;

/** A number is mentioned only as a whole: "$180" is not "$18". */
function mentions(text: string, fact: string): boolean {
  for (let at = text.indexOf(fact); at >= 0; at = text.indexOf(fact, at + 1)) {
    const end = at + fact.length;
    const is_cut_before = /^\d/.test(fact) && /\d[.,]?$/.test(text.slice(0, at));
    const behind = AMOUNT.test(fact)
      ? text.slice(end).replace(/^\.00?(?!\d)/, "")
      : text.slice(end);
    const is_cut_after = /\d$/.test(fact) && /^[.,:]?\d/.test(behind);
    if (!is_cut_before && !is_cut_after) return true;
  }
  return false;
}

function toneError(email: Email): ValidationError | undefined {
  for (const field of ["subject", "body"] as const) {
    const text = legible(email[field]);
    const word = TONE.exec(text)?.[0];
    if (word !== undefined) return fault("policy", field, `the tone is wrong: "${lower(word)}"`);
    const shouted = text.match(/(?<![\p{L}\p{N}])\p{Lu}{5,}(?![\p{L}\p{N}])/gu) ?? [];
    if (shouted.length > 1 || text.includes("!!")) return fault("policy", field, "the text shouts");
  }
  return undefined;
}
