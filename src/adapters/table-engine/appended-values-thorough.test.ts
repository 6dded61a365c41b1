// Values appended to a column are what the file says, or their rows are rejected: never changed.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { LakehouseError } from "#kernel/problem.ts";
import {
  allRows,
  convertText,
  failsWith,
  idColumns,
  never,
  sqlRequest,
  targetIn,
} from "#ports/table-engine.suite.ts";
import type { TableEngine } from "#ports/table-engine.ts";
import { testRuns } from "../../../test/support/test-runs.ts";
import { ownDuckDb } from "./duckdb-table-engine.suite.ts";

type Opened = Awaited<ReturnType<typeof ownDuckDb>>;

/** Rows of what was made, as `i` and the text of `x`. */
async function textsOf(
  engine: TableEngine,
  made: Awaited<ReturnType<typeof convertText>>,
  shown = "x::VARCHAR",
) {
  const { columns, target_path } = made;
  const place = { kind: "parquet", schema: "main", name: "t" } as const;
  const relations = [{ ...place, columns, uris: [target_path] }];
  return allRows(engine, sqlRequest(`SELECT i, ${shown} FROM t ORDER BY i`, { relations }));
}

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: length, maxLength: length });
const whole = (bits: bigint) => fc.bigInt({ min: -(2n ** bits), max: 2n ** bits - 1n }).map(String);
const decimal = (places: number, scale: number) =>
  fc
    .tuple(fc.boolean(), fc.integer({ min: 1, max: places - scale }), digits(places))
    .map(([minus, length, all]) => {
      const before = all.slice(0, length).replace(/^0+(?=.)/, "");
      const after = all.slice(-scale);
      const zero = /^[0.]*$/.test(before + after);
      return `${minus && !zero ? "-" : ""}${before}.${after}`;
    });
const day = fc
  .date({ min: new Date("0002-01-01"), max: new Date("9998-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString());
const micros = fc.integer({ min: 1, max: 999_999 }).map((n) => String(n).padStart(6, "0"));
const short = (text: string) => text.replace(/\.?0+$/, "");

interface Sort {
  readonly type: string;
  /** How the source writes it, and how the engine shows it. */
  readonly good: fc.Arbitrary<readonly [string, string]>;
  readonly bad: readonly string[];
  /** JSON has it without quotes. */
  readonly bare?: boolean;
  readonly parquet: string;
}

const same = (text: string) => [text, text] as const;
const SORTS: readonly Sort[] = [
  {
    type: "int",
    good: whole(31n).map(same),
    bad: ["2147483648", "-2147483649", "1.5", "0.5", "99999999999999999999"],
    bare: true,
    parquet: "HUGEINT",
  },
  {
    type: "long",
    good: fc.oneof(whole(63n), whole(20n)).map(same),
    bad: ["9223372036854775808", "1.5", "-99999999999999999999"],
    bare: true,
    parquet: "DECIMAL(38,1)",
  },
  {
    type: "decimal(10,2)",
    good: decimal(10, 2).map(same),
    bad: ["123456789.00", "0.125", "0.001"],
    bare: true,
    parquet: "DECIMAL(20,4)",
  },
  {
    type: "decimal(38,10)",
    good: decimal(38, 10).map(same),
    bad: ["0.12345678901", "0.00000000000000000001"],
    bare: true,
    parquet: "VARCHAR",
  },
  {
    type: "double",
    good: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => {
      const text = JSON.stringify(value);
      return [text, String(Number(text))] as const;
    }),
    bad: ["9007199254740993", "0.1234567890123456789"],
    bare: true,
    parquet: "VARCHAR",
  },
  {
    type: "float",
    good: fc
      .integer({ min: -(2 ** 24), max: 2 ** 24 })
      .map((n) => [String(n / 8), String(n / 8)] as const),
    bad: ["16777217", "1e39", "1e-60"],
    bare: true,
    parquet: "DOUBLE",
  },
  {
    type: "boolean",
    good: fc.boolean().map(String).map(same),
    bad: ["2"],
    bare: true,
    parquet: "VARCHAR",
  },
  {
    type: "date",
    good: day.map((iso) => same(iso.slice(0, 10))),
    bad: ["2023-02-29", "01/02/2024", "2024-01-05T10:00:00"],
    parquet: "VARCHAR",
  },
  {
    type: "timestamp",
    good: fc.tuple(day, micros).map(([iso, part]) => {
      const second = iso.slice(0, 19);
      return [`${second}.${part}`, short(`${second.replace("T", " ")}.${part}`)] as const;
    }),
    bad: ["2024-01-05T25:00:00", "2024-01-05T10:00:00.1234567"],
    parquet: "VARCHAR",
  },
  {
    type: "timestamptz",
    good: fc.tuple(day, fc.integer({ min: -11, max: 11 })).map(([iso, hours]) => {
      const zone = `${hours < 0 ? "-" : "+"}${String(Math.abs(hours)).padStart(2, "0")}:00`;
      const utc = new Date(Date.parse(`${iso.slice(0, 19)}Z`) - hours * 3_600_000);
      return [`${iso.slice(0, 19)}${zone}`, utc.toISOString().replace(".000Z", "Z")] as const;
    }),
    bad: ["2024-01-05T10:00:00", "2024-01-05"],
    parquet: "VARCHAR",
  },
  {
    type: "uuid",
    good: fc.uuid().map(same),
    bad: ["550e8400e29b41d4a716446655440000", "550e8400-e29b-41d4-a716-44665544000g"],
    parquet: "VARCHAR",
  },
  {
    type: "string",
    good: fc.oneof(fc.constantFrom("007", "1.50", "true", "2024-1-2", "-0"), fc.uuid()).map(same),
    bad: [],
    parquet: "VARCHAR",
  },
];

/** The shown form of a type, comparable with what the source said. */
function shownAs(type: string): string {
  if (type === "timestamptz") return "strftime(x AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ')";
  return type === "double" || type === "float" ? "x" : "x::VARCHAR";
}

interface Said {
  readonly text: string;
  readonly shown: string | undefined;
}

async function checkAppend(
  { engine, dir }: Opened,
  { type, bare }: Sort,
  format: "csv" | "ndjson",
  rows: readonly Said[],
): Promise<void> {
  const lines = rows.map(({ text }, i) => {
    const value = bare ? text : JSON.stringify(text);
    return format === "csv" ? `${i},${text}` : `{"i":${i},"x":${value}}`;
  });
  const head = format === "csv" ? ["i,x"] : [];
  const columns = idColumns({ i: "int", x: type });
  const more = { format, columns } as const;
  const made = await convertText(engine, dir, `${[...head, ...lines].join("\n")}\n`, more);
  const kept = rows.flatMap(({ shown }, i) => (shown === undefined ? [] : [[i, shown]]));
  const found = await textsOf(engine, made, shownAs(type));
  assert.deepEqual(
    found.map(([i, x]) => [i, String(x)]),
    kept.map(([i, x]) => [i, x]),
    `${format} ${type}`,
  );
  const left = rows.flatMap(({ shown, text }, i) => (shown === undefined ? [[i, text]] : []));
  assert.equal(made.rejected_rows, left.length);
  assert.deepEqual(
    made.rejects.map(({ line, column, text }) => [line, column, text]),
    left.map(([i]) => [Number(i) + 1 + head.length, "x", lines[Number(i)]]),
  );
  for (const { reason } of made.rejects) assert.match(reason, /does not fit/);
}

test("what a column takes comes out as it was said, and other rows are rejected", async (t) => {
  const opened = await ownDuckDb(t);
  for (const sort of SORTS) {
    const good = sort.good.map(([text, shown]): Said => ({ text, shown }));
    const bad = sort.bad.map((text) => fc.constant<Said>({ text, shown: undefined }));
    const said = fc.oneof({ weight: 8, arbitrary: good }, ...bad);
    const rows = fc.tuple(good, fc.array(said, { minLength: 10, maxLength: 60 }));
    const format = fc.constantFrom("csv" as const, "ndjson" as const);
    await fc.assert(
      fc.asyncProperty(rows, format, ([one, more], as) =>
        checkAppend(opened, sort, as, [one, ...more]),
      ),
      { numRuns: testRuns(3), endOnFailure: true },
    );
  }
});

test("Parquet of other types fits a column exactly, or is refused with an example", async (t) => {
  const opened = await ownDuckDb(t);
  for (const sort of SORTS) await checkParquet(opened, sort);
});

async function checkParquet({ engine, dir }: Opened, sort: Sort): Promise<void> {
  const { type, parquet } = sort;
  const columns = idColumns({ i: "int", x: type });
  const { target } = targetIn(dir);
  const base = { format: "parquet", compression: "none", target, columns, signal: never } as const;
  const append = async (texts: readonly string[]) => {
    const values = texts.map((text, i) => `(${i}, '${text}'::${parquet})`).join(", ");
    const source_path = join(dir, `p-${randomUUID()}.parquet`);
    await engine.toParquet(sqlRequest(`SELECT * FROM (VALUES ${values}) v(i, x)`), source_path);
    return engine.convert({ ...base, source_path });
  };
  const said = fc.sample(sort.good, 40);
  const made = await append(said.map(([text]) => text));
  const target_path = made.files[0]!.path;
  const found = await textsOf(engine, { ...made, target_path }, shownAs(type));
  assert.deepEqual(
    found.map(([, x]) => String(x)),
    said.map(([, shown]) => shown),
    type,
  );
  let refused = 0;
  for (const text of sort.bad) {
    const error: unknown = await append([said[0]![0], text]).catch((thrown: unknown) => thrown);
    // Not every type of a source can hold what the text says.
    if (!(error instanceof LakehouseError) || error.reason === "sql_failed") continue;
    refused++;
    assert.equal(error.reason, "schema_differs", `${text}: ${error.message}`);
    assert.match(error.message, /"x" is .* in row 2 does not fit/);
  }
  assert.ok(sort.bad.length === 0 || refused > 0, type);
}

test("a file none of whose values fit is refused with an example, and leaves nothing", async (t) => {
  const { engine, dir } = await ownDuckDb(t);
  const columns = idColumns({ n: "int", v: "string" });
  const refused = await convertText(engine, dir, "n,v\n3000000000,x\n4000000000,y\n", {
    columns,
  }).catch((error: unknown) => error);
  assert.ok(failsWith("conflict", "schema_differs")(refused));
  assert.match((refused as Error).message, /"n" is int, and "3000000000" \(long\) in row 1/);
});

test("rejects of both kinds are numbered as the file's records are", async (t) => {
  const { engine, dir } = await ownDuckDb(t);
  const csv = 'n,v\n1,"a\nb"\n\nx,"c\nd"\n2,3,4\n"5",ok\n9999999999,z\n6';
  const made = await convertText(engine, dir, csv, {
    columns: idColumns({ n: "int", v: "string" }),
  });
  assert.deepEqual([made.rows, made.rejected_rows], [2, 4]);
  assert.deepEqual(
    made.rejects.map(({ line, column, text }) => [line, column, text.trim()]),
    [
      [4, "n", 'x,"c\nd"'],
      [5, undefined, "2,3,4"],
      [7, "n", "9999999999,z"],
      [8, "v", "6"],
    ],
  );
  const lines = '{"n":1}\n\nno\n{"n":"x"}\n{"n":2}\n{"n":1e10}\n';
  const json = await convertText(engine, dir, lines, {
    format: "ndjson",
    columns: idColumns({ n: "int" }),
  });
  assert.deepEqual([json.rows, json.rejected_rows], [2, 3]);
  assert.deepEqual(
    json.rejects.map(({ line, text }) => [line, text]),
    [
      [3, "no"],
      [4, '{"n":"x"}'],
      [6, '{"n":1e10}'],
    ],
  );
});

test("numbers inside objects and arrays fit exactly too, and no key is lost", async (t) => {
  const { engine, dir } = await ownDuckDb(t);
  const type = "struct<a: int, d: decimal(10,2), l: list<float>>";
  const columns = idColumns({ i: "int", x: type, m: "map<string, int>" });
  const more = { format: "ndjson", columns } as const;
  const lines = [
    '{"i":1,"x":{"a":1,"d":12.50,"l":[0.1,null,2]},"m":{"k":1}}',
    '{"i":2,"x":{"d":"7.05"},"m":null}',
    '{"i":3,"x":{"a":1.5},"m":{}}',
    '{"i":4,"x":{"l":[16777217]},"m":{"k":2}}',
    '{"i":5,"x":null,"m":{"k":3000000000}}',
    '{"i":6,"x":null,"m":{"k":2,"j":null}}',
  ];
  const made = await convertText(engine, dir, `${lines.join("\n")}\n`, more);
  assert.deepEqual(
    made.rejects.map(({ line, column }) => [line, column]),
    [
      [3, "x"],
      [4, "x"],
      [5, "m"],
    ],
  );
  assert.deepEqual(await textsOf(engine, made, "x::VARCHAR, m::VARCHAR"), [
    [1, "{'a': 1, 'd': 12.50, 'l': [0.1, NULL, 2.0]}", "{k=1}"],
    [2, "{'a': NULL, 'd': 7.05, 'l': NULL}", null],
    [6, null, "{k=2, j=NULL}"],
  ]);
  const lost = convertText(engine, dir, '{"i":1,"x":{"a":1,"new":2},"m":null}\n', more);
  await assert.rejects(lost, failsWith("conflict", "schema_differs"));
});

test("a column that may be extended becomes wider for values that ask for it", async (t) => {
  const { engine, dir } = await ownDuckDb(t);
  const columns = idColumns({ n: "int", f: "float" });
  for (const [format, text] of [
    ["csv", "n,f,z\n1,0.5,a\n3000000000,1e300,b\n"],
    ["ndjson", '{"n":1,"f":0.5,"z":"a"}\n{"n":3000000000,"f":1e300,"z":"b"}\n'],
  ] as const) {
    const made = await convertText(engine, dir, text, { format, columns, extend: true });
    assert.deepEqual([made.rows, made.rejected_rows], [2, 0]);
    assert.deepEqual(
      made.columns.map(({ name, type, field_id }) => [name, type, field_id]),
      [
        ["n", "long", 1],
        ["f", "double", 2],
        ["z", "string", 3],
      ],
    );
    const kept = await convertText(engine, dir, text, {
      format,
      columns: columns.slice(0, 1),
      extend: true,
    });
    assert.equal(kept.columns[0]!.type, "long");
  }
});

test("JSON days are those written as ISO 8601, and digits are never rounded", async (t) => {
  const { engine, dir } = await ownDuckDb(t);
  const text =
    '{"i":1,"x":0.5,"us":"01-02-2024","iso":"2024-02-01","l":[0.5]}\n' +
    '{"i":2,"x":0.1234567890123456789,"us":"01-15-2024","iso":"2024-02-29","l":[1]}\n';
  const made = await convertText(engine, dir, text, { format: "ndjson" });
  assert.deepEqual(
    made.columns.map(({ name, type }) => `${name} ${type}`),
    ["i long", "x string", "us string", "iso date", "l list<double>"],
  );
  const rows = await textsOf(engine, made, "x, us");
  assert.deepEqual(rows, [
    [1, "0.5", "01-02-2024"],
    [2, "0.1234567890123456789", "01-15-2024"],
  ]);
});
