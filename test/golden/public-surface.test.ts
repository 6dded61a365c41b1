// What others can see is pinned: contracts, API document, problems, command line, settings,
// reference.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "smol-toml";
import { houseSettings } from "#app/settings.ts";
import { createProgram } from "#edges/cli/program.ts";
import type { CliHost } from "#edges/cli/cli-host.ts";
import { GATEWAY_PAGES } from "#edges/gateway/gateway-pages.ts";
import { ALL_CONTRACTS } from "#contracts/all-contracts.ts";
import type { Contract } from "#kernel/contract.ts";
import { openApi, toSchema } from "#kernel/openapi.ts";
import { LakehouseError, STATUS_OF_CODE, toProblem, type ErrorCode } from "#kernel/problem.ts";
import { renderExampleSettings } from "../../scripts/reference/example-settings.ts";
import { renderOperations, renderParts } from "../../scripts/reference/operations-page.ts";
import { matchGolden } from "./golden-file.ts";

const contracts = Object.values(ALL_CONTRACTS) as Contract[];
const pretty = (value: unknown) => `${JSON.stringify(value, undefined, 1)}\n`;

test("the contracts' inputs and outputs are as pinned", () => {
  const schemas: Record<string, unknown> = {};
  for (const { service, operations } of contracts) {
    for (const [name, operation] of Object.entries(operations)) {
      schemas[`${service}.${name}`] = {
        kind: operation.kind,
        http: operation.http,
        input: toSchema(operation.input, "input"),
        output: toSchema(operation.output, "output"),
        reasons: operation.reasons ?? [],
      };
    }
  }
  matchGolden("test/golden/contracts.json", pretty(schemas));
});

test("the API document is as pinned", () => {
  matchGolden("test/golden/openapi.json", pretty(openApi(contracts, "0.0.0", GATEWAY_PAGES)));
});

test("a problem of each code looks as pinned", () => {
  const codes = Object.keys(STATUS_OF_CODE) as ErrorCode[];
  const problems = codes.map((code) =>
    toProblem(
      new LakehouseError(code, "what happened", {
        reason: "a_reason",
        hint: "what to do",
        issues: [{ path: "a.b", message: "what is wrong" }],
        extra: { more: 1 },
      }),
      "trace-1",
    ),
  );
  matchGolden("test/golden/problems.json", pretty(problems));
});

test("the help of every command is as pinned", () => {
  const host = { terminal: { out: () => undefined, note: () => undefined }, version: "0.0.0" };
  const program = createProgram(host as unknown as CliHost);
  const pages: string[] = [];
  const visit = (command: typeof program, path: string): void => {
    command.configureHelp({ helpWidth: 100 });
    pages.push(`$ ${path} --help\n\n${command.helpInformation()}`);
    for (const inner of command.commands) visit(inner, `${path} ${inner.name()}`);
  };
  visit(program, "lakehouse");
  matchGolden("docs/reference/cli.txt", pages.join("\n"));
});

test("the example settings, uncommented, are the defaults", () => {
  const text = renderExampleSettings()
    .split("\n")
    .map((line) => line.replace(/^# (?=[a-z_]+ = )/, ""))
    .join("\n");
  assert.deepEqual(houseSettings.parse(parse(text)), houseSettings.parse({}));
});

test("each block of the example settings says something as it stands", () => {
  const lines = renderExampleSettings().split("\n");
  const blocks = lines.filter((line) => line.startsWith("#   ")).map((line) => line.slice(4));
  const settings = houseSettings.parse(parse(blocks.join("\n")));
  const { auth, providers, storage, usage, truth, permission } = settings;
  const lists = [auth.tokens, providers.endpoints, usage.prices, truth.rules, permission.policies];
  assert.deepEqual([...lists.map(({ length }) => length), ...Object.keys(storage.buckets)], [
    1, 1, 1, 1, 1, "archive",
  ]); // prettier-ignore
});

test("the example settings and the reference pages are made from the code as it is", () => {
  matchGolden("lakehouse.example.toml", renderExampleSettings());
  matchGolden("docs/reference/operations.md", renderOperations());
  matchGolden("docs/reference/parts.md", renderParts());
});
