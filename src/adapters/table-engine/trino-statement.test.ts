// What may go to Trino: statements that read its one catalog, and parameters as literals.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LakehouseError } from "#kernel/problem.ts";
import { textLiteral, withParameters } from "./trino-parameters.ts";
import { readTrinoStatement, trinoTokens } from "./trino-statement.ts";
import { anyCodePoint } from "../../../test/support/any-code-point.ts";

const read = (sql: string) => readTrinoStatement(sql, "lake");

function reasonOf(sql: string): string {
  try {
    read(sql);
    return "taken";
  } catch (error) {
    assert.ok(error instanceof LakehouseError, String(error));
    return error.reason;
  }
}

test("statements that read are taken, with the tables they name", () => {
  const taken: [string, string[]][] = [
    ["SELECT 1", []],
    ["select * from orders", ["orders"]],
    [
      'SELECT a.b.c, x FROM lake.sales.orders a, "Sales".people p WHERE p.x.y.z IN (1, 2);',
      ["sales.orders", "sales.people"],
    ],
    [
      "WITH t AS (SELECT * FROM a.x) SELECT * FROM t JOIN b.y ON t.i = b.i, c.z",
      ["a.x", "t", "b.y", "c.z"],
    ],
    ["(SELECT 1) UNION ALL (TABLE orders)", ["orders"]],
    ["VALUES (1, 'FROM system.runtime.nodes')", []],
    ["SELECT /* FROM x.y.z */ 1 -- ; DROP TABLE t", []],
    ["SELECT * FROM (a.x JOIN b.y USING (id))", ["a.x", "b.y"]],
    ["SELECT * FROM UNNEST(ARRAY[1]) AS t (n)", []],
    ["SELECT * FROM TABLE(sequence(start => 1, stop => 9))", []],
    ['SELECT * FROM sales."orders$snapshots"', ["sales.orders$snapshots"]],
    ["SELECT * FROM orders FOR VERSION AS OF 8954597067493422955", ["orders"]],
    ["EXPLAIN (TYPE LOGICAL) SELECT * FROM a.x", ["a.x"]],
    ["EXPLAIN ANALYZE VERBOSE SELECT 1", []],
    ["DESCRIBE sales.orders", ["sales.orders"]],
    ["SHOW COLUMNS FROM sales.orders", ["sales.orders"]],
    ["SHOW TABLES FROM lake.sales", ["sales"]],
    ["SELECT kb.n FROM kb.events kb", ["kb.events"]],
  ];
  for (const [sql, tables] of taken) {
    assert.deepEqual(
      read(sql).tables.map((parts) => parts.join(".")),
      tables,
      sql,
    );
  }
  assert.equal(read("SELECT ';' ; ; ").sql, "SELECT ';'");
});

test("whatever writes, leaves the catalog or is not one query is refused", () => {
  const refused: [string, string][] = [
    ["INSERT INTO t SELECT 1", "not_read_only"],
    ["/* x */ delete FROM t", "not_read_only"],
    ["EXPLAIN ANALYZE INSERT INTO t SELECT 1", "not_read_only"],
    ["EXPLAIN ANALYZE (TYPE IO) DROP TABLE t", "not_read_only"],
    ["CALL system.sync_partition_metadata('a', 'b', 'c')", "not_read_only"],
    ["SET SESSION query_max_run_time = '1h'", "not_read_only"],
    ["EXECUTE IMMEDIATE 'DROP TABLE t'", "not_read_only"],
    ["PREPARE p FROM DROP TABLE t", "not_read_only"],
    ["WITH SESSION x = 1 SELECT 1", "not_read_only"],
    ["WITH FUNCTION f() RETURNS int RETURN 1 SELECT f()", "not_read_only"],
    ["SHOW CATALOGS", "not_read_only"],
    ["SHOW TABLES FROM system.runtime", "not_read_only"],
    ["SELECT * FROM system.runtime.queries", "not_read_only"],
    ["SELECT * FROM a, hive.x.y", "not_read_only"],
    ["SELECT * FROM a JOIN b ON a.i = b.i, hive.x.y", "not_read_only"],
    ["SELECT * FROM (hive.x.y CROSS JOIN b)", "not_read_only"],
    ['SELECT * FROM "hive"."x"."y"', "not_read_only"],
    ["SELECT * FROM hive . x /**/ . y", "not_read_only"],
    ['SELECT * FROM U&"hive".x.y', "not_read_only"],
    ["SELECT (SELECT max(i) FROM hive.x.y)", "not_read_only"],
    ["TABLE hive.x.y", "not_read_only"],
    ["SELECT * FROM TABLE(pg.system.query(query => 'DROP TABLE t'))", "not_read_only"],
    ["SELECT * FROM TABLE(query('x'))", "not_read_only"],
    ["SELECT pg.system.f(1)", "not_read_only"],
    ["SELECT 1; DROP TABLE t", "many_statements"],
    ["SELECT 1;;SELECT 2", "many_statements"],
    [";", "sql_syntax"],
    ["", "sql_syntax"],
    ["-- nothing", "sql_syntax"],
    ["SELECT 'open", "sql_syntax"],
    ["SELECT 1 /* open", "sql_syntax"],
    ["SELECT 1)", "sql_syntax"],
    ["SELECT '\0'", "sql_syntax"],
  ];
  for (const [sql, reason] of refused) assert.equal(reasonOf(sql), reason, sql);
});

test("parameters are literals in the order of the statement", () => {
  const given = (sql: string, params: unknown[]) => withParameters(read(sql), params);
  assert.equal(given("SELECT 1", []), "SELECT 1");
  assert.equal(
    given("SELECT ?, '?', x FROM t WHERE y = ? -- ?", [1, "it's"]),
    "EXECUTE IMMEDIATE 'SELECT ?, ''?'', x FROM t WHERE y = ?' USING 1, 'it''s'",
  );
  assert.equal(
    given("SELECT $2, $1, $2", [null, [true, 1.5]]),
    "EXECUTE IMMEDIATE 'SELECT ?, ?, ?' USING " +
      "ARRAY[TRUE, DOUBLE '1.5'], NULL, ARRAY[TRUE, DOUBLE '1.5']",
  );
  assert.throws(() => given("SELECT ?", []), { reason: "sql_failed" });
  assert.throws(() => given("SELECT 1", [1]), { reason: "sql_failed" });
  assert.throws(() => given("SELECT ?", [{}]), { reason: "invalid_input" });
});

test("no text leaves its literal, and no text is taken for a statement", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCodePoint }), (text) => {
      const tokens = trinoTokens(`SELECT ${textLiteral(text)} , 1`);
      assert.deepEqual(
        tokens.map(({ kind }) => kind),
        ["word", "text", "mark", "number"],
      );
      assert.equal(tokens[1]!.text.slice(1, -1).replaceAll("''", "'"), text);
    }),
  );
});
