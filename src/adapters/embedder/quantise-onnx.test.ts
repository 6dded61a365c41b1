// Quantised networks run in the engine and answer nearly what the full ones answer.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import * as ort from "onnxruntime-node";
import { seededRandom } from "#kernel/random.ts";
import { field, numberField, readFields, writeFields, type Field } from "./onnx-fields.ts";
import { quantiseOnnx } from "./quantise-onnx.ts";

const ROWS = 1_200;
const WIDTH = 24;
const COLUMNS = 16;

const text = (number: number, ...values: string[]) => values.map((value) => field(number, value));
const node = (op: string, inputs: string[], outputs: string[]): Field =>
  field(1, writeFields([...text(1, ...inputs), ...text(2, ...outputs), ...text(4, op)]));
const tensor = (name: string, dims: number[], values: Float32Array): Field =>
  field(
    5,
    writeFields([
      ...dims.map((size) => numberField(1, size)),
      numberField(2, 1),
      ...text(8, name),
      field(9, new Uint8Array(values.buffer)),
    ]),
  );
/** A value of unknown first dimension. */
function value(number: number, name: string, type: number, ...dims: number[]): Field {
  const shape = [
    field(1, writeFields(text(2, "n"))),
    ...dims.map((size) => field(1, writeFields([numberField(1, size)]))),
  ];
  const of_tensor = [numberField(1, type), field(2, writeFields(shape))];
  const content = [...text(1, name), field(2, writeFields([field(1, writeFields(of_tensor))]))];
  return field(number, writeFields(content));
}

/** ids → rows of a table → two products with constant matrices. */
function network(seed: number): Uint8Array {
  const random = seededRandom(seed);
  const some = (count: number) => Float32Array.from({ length: count }, () => random.next() - 0.5);
  const graph = writeFields([
    node("Gather", ["table", "ids"], ["rows"]),
    node("MatMul", ["rows", "first"], ["a"]),
    node("MatMul", ["rows", "second"], ["b"]),
    node("Add", ["a", "b"], ["answer"]),
    ...text(2, "graph"),
    tensor("table", [ROWS, WIDTH], some(ROWS * WIDTH)),
    tensor("first", [WIDTH, COLUMNS], some(WIDTH * COLUMNS)),
    tensor("second", [WIDTH, COLUMNS], some(WIDTH * COLUMNS)),
    value(11, "ids", 7),
    value(12, "answer", 1, COLUMNS),
  ]);
  const opset = field(8, writeFields([numberField(2, 11)]));
  return writeFields([numberField(1, 6), field(7, graph), opset]);
}

async function run(model: Uint8Array, ids: readonly number[]): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(model);
  const input = new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [ids.length]);
  const { answer } = await session.run({ ids: input });
  await session.release();
  return answer!.data as Float32Array;
}

test("a quantised network is a quarter of the size and answers nearly the same", async () => {
  const full = network(7);
  const small = quantiseOnnx(full);
  assert.ok(small.length < full.length / 3, `${small.length} of ${full.length} bytes`);
  const ids = [3, 1_100, 57, 0];
  const [wanted, got] = [await run(full, ids), await run(small, ids)];
  assert.equal(got.length, ids.length * COLUMNS);
  const error = Math.max(...wanted.map((one, at) => Math.abs(one - got[at]!)));
  const spread = Math.max(...wanted.map(Math.abs));
  assert.ok(error > 0 && error < 0.03 * spread, `${error} of ${spread}`);
});

test("the same bytes in give the same bytes out; fewer steps give other bytes", () => {
  const full = network(8);
  assert.deepEqual(quantiseOnnx(full, 63), quantiseOnnx(full, 63));
  assert.notDeepEqual(quantiseOnnx(full, 63), quantiseOnnx(full, 127));
});

test("messages are written as they were read, whatever their fields", () => {
  const one = fc.oneof(
    fc.record({ number: fc.integer({ min: 1, max: 5_000 }), bytes: fc.uint8Array() }),
    fc.record({ number: fc.integer({ min: 1, max: 15 }), value: fc.maxSafeNat() }),
  );
  fc.assert(
    fc.property(fc.array(one), (fields) => {
      const written = writeFields(
        fields.map((it) =>
          "bytes" in it ? field(it.number, it.bytes) : numberField(it.number, it.value),
        ),
      );
      const read = readFields(written);
      assert.deepEqual(
        read.map((it) => it.number),
        fields.map((it) => it.number),
      );
      for (const [at, it] of fields.entries()) {
        if ("value" in it) assert.equal(read[at]!.value, it.value);
        else assert.deepEqual([...read[at]!.bytes], [...it.bytes]);
      }
      assert.deepEqual(writeFields(read), written);
    }),
  );
});

test("bytes that are no message are refused", () => {
  for (const bad of [[0x0a, 5, 1], [0x0b], [0x08, 0x80]]) {
    assert.throws(() => readFields(Uint8Array.from(bad)), RangeError);
  }
});
