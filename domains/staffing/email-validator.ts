// Judges an e-mail to a worker: right recipient, nobody's private data, parts and tone in order.
import { z } from "zod";
import {
  artifactSchema,
  checkInput,
  type ValidationError,
  type Validator,
  type ValidatorTools,
} from "#pack.ts";
import { nationalNumber, phonesIn, holdsSsn } from "./private-numbers.ts";
import { schemaFault } from "./schema-fault.ts";
import { withoutWorkerIds, workerIdsIn } from "./worker-ids.ts";
import { same, textOf, type WorkerRow } from "./fill-want.ts";

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
  return checkInput(z.strictObject({ context: contextShape }), { context }).context;
}

const ADDRESS = /[\w.+'-]+@[\w-]+(?:\.[\w-]+)+/g;
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
];

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
    const worker = await recipient(worker_id, tools);
    if (worker === undefined) {
      return no("phantom", "worker_id", `${worker_id ?? "no worker"} is not in the roster`);
    }
    const error =
      recipientError(email, worker) ??
      privacyError(email, worker) ??
      lengthError(email) ??
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

async function recipient(
  worker_id: string | undefined,
  tools: ValidatorTools,
): Promise<WorkerRow | undefined> {
  if (worker_id === undefined) return undefined;
  const rows = await tools.rows(
    "SELECT worker_id, name, email, phone FROM workers WHERE worker_id = $1",
    [worker_id],
  );
  return rows[0];
}

function recipientError(email: Email, worker: WorkerRow): ValidationError | undefined {
  const expected = textOf(worker, "email");
  if (same(email.to, expected)) return undefined;
  const message = `${email.to} is not the address of ${textOf(worker, "name")}`;
  return { kind: "consistency", field: "to", message, expected, actual: email.to };
}

/** Nothing private of anyone else, and nobody's social security number at all. */
function privacyError(email: Email, worker: WorkerRow): ValidationError | undefined {
  for (const field of ["subject", "body"] as const) {
    const text = email[field];
    if (holdsSsn(text))
      return fault("policy", field, "holds what looks like a social security number");
    const own_phone = nationalNumber(textOf(worker, "phone"));
    if (phonesIn(withoutWorkerIds(text)).some((phone) => phone !== own_phone)) {
      return fault("policy", field, "holds a phone number that is not the recipient's");
    }
    const addresses = text.match(ADDRESS) ?? [];
    if (addresses.some((address) => !same(address, textOf(worker, "email")))) {
      return fault("policy", field, "holds an e-mail address that is not the recipient's");
    }
    const other = workerIdsIn(text).find((id) => !same(id, textOf(worker, "worker_id")));
    if (other !== undefined) return fault("policy", field, `names another worker (${other})`);
  }
  return undefined;
}

function lengthError({ subject, body }: Email): ValidationError | undefined {
  if (subject.trim() === "") return fault("completeness", "subject", "the subject is empty");
  if (subject.length > SUBJECT_MAX || subject.includes("\n")) {
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
  return undefined;
}

function partsError(
  { subject, body }: Email,
  worker: WorkerRow,
  must_mention: readonly string[],
): ValidationError | undefined {
  const first_name = textOf(worker, "name").split(" ")[0]!;
  const greeting = GREETING.exec(body);
  if (greeting === null || !greeting[0].toLowerCase().includes(first_name.toLowerCase())) {
    return fault(
      "completeness",
      "body",
      `begins without greeting ${first_name}`,
      `Hi ${first_name},`,
    );
  }
  for (const fact of must_mention) {
    if (`${subject}\n${body}`.toLowerCase().includes(fact.toLowerCase())) continue;
    return fault("completeness", "body", `does not mention "${fact}"`, fact);
  }
  if (!SIGN_OFF.test(body))
    return fault("completeness", "body", "ends without a sign-off", "Thank you,");
  return undefined;
}

function toneError({ subject, body }: Email): ValidationError | undefined {
  for (const [field, text] of [
    ["subject", subject],
    ["body", body],
  ] as const) {
    const word = BAD_TONE.find((one) => text.toLowerCase().includes(one));
    if (word !== undefined) return fault("policy", field, `the tone is wrong: "${word}"`);
    const shouted = text.match(/\b[A-Z]{5,}\b/g) ?? [];
    if (shouted.length > 1 || text.includes("!!")) return fault("policy", field, "the text shouts");
  }
  return undefined;
}
