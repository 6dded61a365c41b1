// validate: verdicts over both transports, unknown kinds, clashes, look-ups that fail.
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "#kernel/log.ts";
import { LakehouseError } from "#kernel/problem.ts";
import { validate } from "#contracts/validate.ts";
import type { DomainPack } from "#ports/domain-pack.ts";
import { bookshopPack } from "../../../domains/bookshop/pack.ts";
import { eachTransport } from "../../../test/support/each-transport.ts";
import { tempDir, type HasAfter } from "../../../test/support/temp-dir.ts";
import { packQuery } from "./pack-query.suite.ts";
import { createValidate } from "./validate-service.ts";
import { validateSettings } from "./validate-settings.ts";

const settings = validateSettings.parse({});

async function service(t: HasAfter, packs: readonly DomainPack[] = [bookshopPack]) {
  const query = await packQuery(bookshopPack, 12, await tempDir(t));
  t.after(() => query.stop());
  return createValidate({ query: query.client, packs, log: silentLog }, settings);
}

eachTransport(
  "a right artifact gets a report, a wrong one the structured error",
  async (connect, t) => {
    const client = await connect(validate, (await service(t)).handlers);
    const context = { count: 1, subject: "baking" };
    const artifact = { books: [{ book_id: "B-002", title: "Bread at Home" }] };
    const report = await client.validate({ kind: "order", artifact, context });
    assert.equal(report.ok, true);
    assert.equal(report.grounded, true);
    const named = await client.validate({ kind: "bookshop.order", artifact, context });
    assert.equal(named.kind, "order");

    const phantom = { books: [{ book_id: "B-999", title: "Nothing" }] };
    await assert.rejects(
      client.validate({ kind: "order", artifact: phantom, context }),
      (error) => {
        assert.ok(error instanceof LakehouseError);
        assert.equal(error.code, "rejected");
        assert.equal(error.reason, "validation_failed");
        const told = error.extra["error"] as Record<string, unknown>;
        assert.equal(told["kind"], "phantom");
        assert.equal(told["field"], "books.0.book_id");
        return true;
      },
    );
  },
);

eachTransport("an unknown kind is not found, with the nearest known name", async (connect, t) => {
  const client = await connect(validate, (await service(t)).handlers);
  await assert.rejects(client.validate({ kind: "ordre", artifact: {} }), (error) => {
    assert.ok(error instanceof LakehouseError);
    assert.equal(error.reason, "no_such_kind");
    assert.match(error.message, /did you mean "order"/);
    return true;
  });
  const { kinds } = await client.kinds({});
  assert.deepEqual(
    kinds.map((one) => `${one.domain}.${one.kind}`),
    ["bookshop.order"],
  );
});

eachTransport("a context is checked before there is an artifact", async (connect, t) => {
  const opened = await service(t);
  const client = await connect(validate, opened.handlers);
  const known = await client.check_context({ kind: "bookshop.order", context: { count: 1 } });
  assert.deepEqual([known.domain, known.kind], ["bookshop", "order"]);
  for (const context of [{ cuont: 1 }, { count: "one" }]) {
    await assert.rejects(client.check_context({ kind: "order", context }), (error) => {
      assert.ok(error instanceof LakehouseError);
      assert.equal(error.reason, "invalid_input");
      assert.match(error.issues[0]!.path, /^context\.cu?ou?nt$/);
      return true;
    });
  }
  await assert.rejects(client.check_context({ kind: "ordre" }), { reason: "no_such_kind" });
  const { refused, failed } = (await opened.health()).figures;
  assert.deepEqual([refused, failed], [0, 0], "no artifact was judged");
});

eachTransport("a field that no validator sees is refused at the door", async (connect, t) => {
  const client = await connect(validate, (await service(t)).handlers);
  const hidden = '{"books":[{"book_id":"B-002","title":"Bread at Home","__proto__":{"x":1}}]}';
  for (const [text, path] of [
    [hidden, "artifact.books.0.__proto__"],
    ['{"__proto__":{"x":1},"books":[]}', "artifact.__proto__"],
  ] as const) {
    const artifact = JSON.parse(text) as never;
    await assert.rejects(client.validate({ kind: "order", artifact }), (error) => {
      assert.ok(error instanceof LakehouseError);
      assert.equal(error.reason, "invalid_input");
      assert.equal(error.issues[0]!.path, path);
      return true;
    });
  }
});

eachTransport(
  "a verdict about the context is the caller's fault, beforehand",
  async (connect, t) => {
    const message = "it needs a shelf";
    const faults: Record<string, string> = { order: "context", note: "contexts", letter: "" };
    const validators = Object.entries(faults).map(([kind, field]) => {
      const error = { kind: "completeness" as const, field, message };
      return [kind, { summary: kind, validate: async () => ({ ok: false as const, error }) }];
    });
    const pack: DomainPack = { ...bookshopPack, validators: Object.fromEntries(validators) };
    const client = await connect(validate, (await service(t, [pack])).handlers);
    await assert.rejects(client.check_context({ kind: "order" }), (error) => {
      assert.ok(error instanceof LakehouseError);
      assert.equal(error.reason, "invalid_input");
      assert.deepEqual(error.issues, [{ path: "context", message }]);
      return true;
    });
    for (const kind of ["note", "letter"]) await client.check_context({ kind });
  },
);

eachTransport(
  "a verdict about the context is told beforehand, whatever else it names",
  async (connect, t) => {
    const message = "it needs a count";
    const error = {
      kind: "completeness" as const,
      field: "context.count",
      message,
      also: [
        { field: "books", message: "missing" },
        { field: "context.subject", message: "missing" },
      ],
    };
    const order = { summary: "an order", validate: async () => ({ ok: false as const, error }) };
    const pack: DomainPack = { ...bookshopPack, validators: { order } };
    const client = await connect(validate, (await service(t, [pack])).handlers);
    await assert.rejects(client.check_context({ kind: "order" }), (thrown) => {
      assert.ok(thrown instanceof LakehouseError);
      assert.equal(thrown.reason, "invalid_input");
      const paths = thrown.issues.map(({ path }) => path);
      assert.deepEqual(paths, ["context.count", "context.subject"]);
      return true;
    });
  },
);

test("two domains with a validator of one name stop the start", async (t) => {
  await assert.rejects(service(t, [bookshopPack, { ...bookshopPack, name: "other" }]), {
    code: "conflict",
  });
});

test("a look-up that fails is no verdict on the artifact", async (t) => {
  const broken: DomainPack = {
    ...bookshopPack,
    validators: {
      order: {
        summary: "asks for a dataset that is not there",
        async validate(_artifact, _context, tools) {
          await tools.rows("SELECT * FROM missing", []);
          return { ok: true, checks: [], grounded: true };
        },
      },
    },
  };
  const { handlers } = await service(t, [broken]);
  const { connectLocal } = await import("#kernel/connect-local.ts");
  const client = connectLocal(validate, handlers);
  await assert.rejects(client.validate({ kind: "order", artifact: {} }), {
    code: "unavailable",
    reason: "lookup_failed",
  });
});
