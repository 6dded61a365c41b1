// E-mails that hide an address, a header or a threat, and such that only look as if they did.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValidatorTools } from "#pack.ts";
import { emailContext, emailValidator } from "./email-validator.ts";

const ROW = {
  worker_id: "W-000001",
  name: "Ann Blazy",
  email: "jürgen@example.com" as string | null,
  phone: "419-555-1234",
};
const EMAIL = {
  to: "jürgen@example.com",
  subject: "Work on Monday",
  body: "Hi Ann Blazy,\n\nwould the night shift on Monday suit you? Please tell us.\n\nThank you,\nDispatch",
};

async function judge(
  email: Partial<typeof EMAIL>,
  rows: readonly object[] = [ROW],
  facts: string[] = [],
) {
  const tools: ValidatorTools = { rows: async () => rows.map((row) => ({ ...row })) };
  const context = { worker_id: "W-000001", must_mention: facts };
  const outcome = await emailValidator.validate({ ...EMAIL, ...email }, context, tools);
  return outcome.ok ? undefined : outcome.error;
}

const says = (said: string) => ({ body: EMAIL.body.replace("Please", `${said} Please`) });

for (const said of [
  "Ask jürgen@müller.de.",
  "Ask ana\uff20example.com.",
  "Ask ana.phillips2 @ example.com.",
  "Ask ana@exa\u00admple.com.",
  "Ask ana [at] example (dot) com.",
  'Ask "ana p"@example.com.',
  "Ask rgen@example.com.",
  "Ask W\u2011000999.",
  "Ask W 000999.",
  "Ask W - 000999.",
  "Ask x/jürgen@example.com.",
  "Ask ana@example.com, 8 hours @ 18.50 each.",
  "Call 419\u00ad555\u00ad9999.",
  "You MÜSSEN ANTWORTEN.",
  "\u0000",
]) {
  test(`an e-mail is refused that says: ${JSON.stringify(said)}`, async () => {
    const error = await judge(says(said));
    assert.deepEqual([error?.kind, error?.field], ["policy", "body"]);
  });
}

for (const said of [
  "Is jürgen@example.com still right?",
  `Is ${"jürgen@example.com".normalize("NFD")} still right?`,
  "Is 'jürgen@example.com' still right?",
  "Please contact now or later.",
  "This is for elsewhere.",
  "See you @ noon. Thanks.",
  "You mustn't hurry.",
  "Write to *jürgen@example.com* or e-mail=jürgen@example.com.",
  "Park in lot W-101 and go to gate W-204.",
  "It is building W - 120.",
  "It is 8 hours @ 18.50 each day.",
  "It is 2 days @ 8.5 hours.",
  "Meet at 6 @ Dock.5 please.",
]) {
  test(`an e-mail is accepted that says: ${said}`, async () => {
    assert.equal(await judge(says(said)), undefined);
  });
}

for (const said of [
  "Act now.",
  "Come, or\nelse.",
  "Act-now!",
  "Do not be lazy.",
  "How stupidly.",
]) {
  test(`the tone is wrong: ${JSON.stringify(said)}`, async () => {
    assert.match((await judge(says(said)))!.message, /tone/);
  });
}

test("a subject has no control character of any kind", async () => {
  for (const sign of ["\r", "\n", "\0", "\t", "\u0085", "\u2028", "\u001b"]) {
    const error = await judge({ subject: `work${sign}Bcc: evil` });
    assert.deepEqual([error?.kind, error?.field], ["policy", "subject"]);
  }
});

test("a worker without an address that can be written to gets no e-mail", async () => {
  for (const email of [null, "", "none", "a@example.com, b@example.com"]) {
    for (const to of ["", email ?? ""]) {
      const error = await judge({ to }, [{ ...ROW, email }]);
      assert.equal(error?.field, "to");
      assert.match(error!.message, /no e-mail address/);
    }
  }
});

test("an id of few digits is another's where the roster has it, and a gate where not", async () => {
  const other = { ...ROW, worker_id: "W-101" };
  const tools: ValidatorTools = {
    rows: async (_, params) => [ROW, other].filter((row) => params!.includes(row.worker_id)),
  };
  const validate = async (said: string) => {
    const artifact = { ...EMAIL, ...says(said) };
    const judged = await emailValidator.validate(artifact, { worker_id: "W-000001" }, tools);
    return judged.ok ? undefined : judged.error.message;
  };
  assert.equal(await validate("Ask W-101."), "names another worker (W-101)");
  assert.equal(await validate("Ask W - 101."), "names another worker (W-101)");
  assert.equal(await validate("Ask at W-102."), undefined);
});

test("an address of the roster may hold every sign that addresses may", async () => {
  for (const email of ["h&r@example.com", "m/g@example.com", "-m@example.com", "o'b+1@x.co"]) {
    const artifact = { to: email, ...says(`Is ${email} still right?`) };
    assert.equal(await judge(artifact, [{ ...ROW, email }]), undefined, email);
  }
  const error = await judge(says("Ask h&jürgen@example.com."));
  assert.equal(error?.field, "body");
});

test("an address is written as addresses are, and the same in every row", async () => {
  for (const to of ["jürgen\uff20example.com", "jürgen@example.com\n", "jürgen @example.com"]) {
    assert.equal((await judge({ to }))?.field, "to", to);
  }
  assert.equal(await judge({ to: " Jürgen@Example.com " }), undefined);
  assert.equal((await judge({}, [ROW, { ...ROW, email: "b@example.com" }]))?.field, "to");
});

test("the greeting is for this worker and not for one whose name begins alike", async () => {
  const greeted = (name: string) => judge({ body: EMAIL.body.replace("Ann Blazy", name) });
  assert.match((await greeted("Annabelle"))!.message, /without greeting Ann/);
  assert.equal(await greeted("Ann"), undefined);
});

test("a roster that writes last names first greets by the first name", async () => {
  for (const name of ["Blazy, Ann", "BLAZY,  ANN", "Ann Blazy, RN", "Blazy, Ann, Jr."]) {
    assert.equal(await judge({}, [{ ...ROW, name }]), undefined, name);
  }
});

test("a phone number with an extension is still the recipient's own", async () => {
  const row = { ...ROW, phone: "+1 (419) 555-1234 x5" };
  assert.equal(await judge(says("Is 419 555 1234 right?"), [row]), undefined);
  assert.equal((await judge(says("Is 419 555 9999 right?"), [row]))?.field, "body");
});

test("an amount is the same with and without its cents", async () => {
  assert.equal(await judge(says("It pays $18.00."), [ROW], ["$18"]), undefined);
  for (const said of ["It pays $18.50.", "It pays $18.005."]) {
    assert.match((await judge(says(said), [ROW], ["$18"]))!.message, /does not mention/);
  }
});

test("a fact with a number is mentioned whole", async () => {
  assert.match((await judge(says("It pays $180."), [ROW], ["$18"]))!.message, /does not mention/);
  assert.equal(await judge(says("It pays $18."), [ROW], ["$18"]), undefined);
  assert.equal(await judge(says("In Saint\nLouis."), [ROW], ["saint louis"]), undefined);
});

test("the id of a recipient may have the prefix of its corpus", () => {
  assert.equal(emailContext({ worker_id: "w-W-000001" }).worker_id, "W-000001");
});
