// Weights of an ONNX network from float32 to int8: a quarter of the size, about twice as fast.
import { field, firstOf, numberField, readFields, textsOf, writeFields } from "./onnx-fields.ts";
import type { Field } from "./onnx-fields.ts";

// Field numbers of onnx.proto (ONNX IR version 6).
const MODEL_GRAPH = 7;
const GRAPH = { node: 1, initializer: 5 } as const;
const NODE = { input: 1, output: 2, name: 3, op: 4, attribute: 5 } as const;
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9 } as const;
const ATTRIBUTE = { name: 1, number: 3, type: 20 } as const;
const FLOAT = 1;
const INT8 = 3;
const ATTRIBUTE_INT = 2;

/** Tables with fewer rows stay as they are: they are small. */
const GATHER_ROWS_MIN = 1_000;

interface Weight {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/**
 * Dynamic quantisation: each constant second factor of a MatMul becomes int8 with one scale a
 * column (symmetric), its first factor is quantised at run time (DynamicQuantizeLinear,
 * MatMulInteger; ONNX operators of opset 11); large tables of embeddings become int8 with one
 * scale a row. `steps` is the largest magnitude: 127, or 63 where the processor adds pairs of
 * products in 16 bits. The same bytes in give the same bytes out.
 */
export function quantiseOnnx(model: Uint8Array, steps = 127): Uint8Array {
  const fields = readFields(model);
  return writeFields(
    fields.map((one) =>
      one.number === MODEL_GRAPH ? field(MODEL_GRAPH, quantiseGraph(one.bytes, steps)) : one,
    ),
  );
}

function quantiseGraph(graph: Uint8Array, steps: number): Uint8Array {
  const fields = readFields(graph);
  const weights = new Map<string, Weight>();
  for (const one of fields) {
    const weight = one.number === GRAPH.initializer ? matrixOf(one.bytes) : undefined;
    if (weight !== undefined) weights.set(weight.name, weight);
  }
  const nodes = fields.filter((one) => one.number === GRAPH.node).map((one) => one.bytes);
  const replaced = new Map<string, Field[]>();
  const quantised_inputs = new Set<string>();
  const new_nodes: Field[] = [];
  for (const node of nodes) {
    const parts = readFields(node);
    const [op] = textsOf(parts, NODE.op);
    const inputs = textsOf(parts, NODE.input);
    const weight = weights.get(inputs[op === "MatMul" ? 1 : 0] ?? "");
    const [output] = textsOf(parts, NODE.output);
    if (op === "MatMul" && weight !== undefined) {
      replaced.set(weight.name, byColumn(weight, steps));
      new_nodes.push(...integerProduct(inputs[0]!, weight.name, output!, quantised_inputs));
    } else if (op === "Gather" && weight !== undefined && weight.rows >= GATHER_ROWS_MIN) {
      replaced.set(weight.name, byRow(weight));
      new_nodes.push(...integerRows(weight.name, inputs[1]!, output!));
    } else new_nodes.push(field(GRAPH.node, node));
  }
  const kept = fields.flatMap((one) => {
    if (one.number === GRAPH.node) return [];
    if (one.number !== GRAPH.initializer) return [one];
    const [name] = textsOf(readFields(one.bytes), TENSOR.name);
    return replaced.get(name!) ?? [one];
  });
  return writeFields([...new_nodes, ...kept]);
}

/** x · W = (q(x) · q(W)) × scale of x × scales of W; what several products share is made once. */
function integerProduct(x: string, w: string, output: string, made: Set<string>): Field[] {
  const nodes: Field[] = [];
  if (!made.has(x)) {
    made.add(x);
    const outputs = [`${x}_quantised`, `${x}_scale`, `${x}_zero`];
    nodes.push(nodeOf("DynamicQuantizeLinear", [x], outputs));
  }
  nodes.push(
    nodeOf("MatMulInteger", [`${x}_quantised`, `${w}_quantised`, `${x}_zero`], [`${output}_sum`]),
    nodeOf("Cast", [`${output}_sum`], [`${output}_float`], [intAttribute("to", FLOAT)]),
    nodeOf("Mul", [`${x}_scale`, `${w}_scales`], [`${output}_scales`]),
    nodeOf("Mul", [`${output}_float`, `${output}_scales`], [output]),
  );
  return nodes;
}

function integerRows(table: string, ids: string, output: string): Field[] {
  return [
    nodeOf("Gather", [`${table}_quantised`, ids], [`${output}_rows`]),
    nodeOf("Cast", [`${output}_rows`], [`${output}_float`], [intAttribute("to", FLOAT)]),
    nodeOf("Gather", [`${table}_scales`, ids], [`${output}_scales`]),
    nodeOf("Mul", [`${output}_float`, `${output}_scales`], [output]),
  ];
}

function byColumn({ name, rows, columns, values }: Weight, steps: number): Field[] {
  const scales = new Float32Array(columns);
  for (let at = 0; at < values.length; at++) {
    const column = at % columns;
    scales[column] = Math.max(scales[column]!, Math.abs(values[at]!));
  }
  const scaled = scales.map((largest) => (largest === 0 ? 1 : largest / steps));
  const small = Int8Array.from(values, (value, at) => Math.round(value / scaled[at % columns]!));
  return [
    tensor(`${name}_quantised`, INT8, [rows, columns], small),
    tensor(`${name}_scales`, FLOAT, [columns], scaled),
  ];
}

function byRow({ name, rows, columns, values }: Weight): Field[] {
  const scales = new Float32Array(rows);
  const small = new Int8Array(values.length);
  for (let row = 0; row < rows; row++) {
    const of_row = values.subarray(row * columns, (row + 1) * columns);
    let largest = 0;
    for (const value of of_row) largest = Math.max(largest, Math.abs(value));
    const scale = largest === 0 ? 1 : largest / 127;
    scales[row] = scale;
    for (const [at, value] of of_row.entries())
      small[row * columns + at] = Math.round(value / scale);
  }
  return [
    tensor(`${name}_quantised`, INT8, [rows, columns], small),
    tensor(`${name}_scales`, FLOAT, [rows, 1], scales),
  ];
}

/** A constant float32 matrix, or undefined for any other. */
function matrixOf(bytes: Uint8Array): Weight | undefined {
  const fields = readFields(bytes);
  const raw = firstOf(fields, TENSOR.raw)?.bytes;
  const dims = fields.filter((one) => one.number === TENSOR.dims && one.wire === 0);
  const is_float = firstOf(fields, TENSOR.type)?.value === FLOAT;
  if (!is_float || dims.length !== 2 || raw === undefined) return undefined;
  const [rows, columns] = [dims[0]!.value, dims[1]!.value];
  if (raw.length !== rows * columns * 4) return undefined;
  // Copied, as a view of floats has to begin at a multiple of four.
  const values = new Float32Array(new Uint8Array(raw).buffer);
  return { name: textsOf(fields, TENSOR.name)[0]!, rows, columns, values };
}

function tensor(
  name: string,
  type: number,
  dims: readonly number[],
  values: Int8Array | Float32Array,
): Field {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return field(
    GRAPH.initializer,
    writeFields([
      ...dims.map((size) => numberField(TENSOR.dims, size)),
      numberField(TENSOR.type, type),
      field(TENSOR.name, name),
      field(TENSOR.raw, raw),
    ]),
  );
}

function nodeOf(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Field[] = [],
): Field {
  return field(
    GRAPH.node,
    writeFields([
      ...inputs.map((name) => field(NODE.input, name)),
      ...outputs.map((name) => field(NODE.output, name)),
      field(NODE.name, `${outputs[0]}_${op}`),
      field(NODE.op, op),
      ...attributes,
    ]),
  );
}

function intAttribute(name: string, value: number): Field {
  return field(
    NODE.attribute,
    writeFields([
      field(ATTRIBUTE.name, name),
      numberField(ATTRIBUTE.number, value),
      numberField(ATTRIBUTE.type, ATTRIBUTE_INT),
    ]),
  );
}
