// Names, sizes and words: what every file of the house keeps to.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PARTS } from "#app/parts.ts";
import { isTest, ROOT, sourceFiles } from "../support/source-tree.ts";

const FOLDERS = ["src", "domains", "test", "bench", "scripts", "bin"];
const files = sourceFiles(FOLDERS, [".ts", ".mjs", ".js"]);
const source = files.filter((file) => !isTest(file.path));

function offenders(
  check: (file: { path: string; text: string }) => string | undefined,
  of = files,
) {
  return of.map(check).filter((fault) => fault !== undefined);
}

test("the check sees files", () => {
  assert.ok(files.length > 150, `only ${files.length}`);
});

test("no source file is over 400 lines", () => {
  const wrong = offenders(({ path, text }) => {
    const lines = text.split("\n").length;
    return lines > 400 ? `${path}: ${lines}` : undefined;
  });
  assert.deepEqual(wrong, []);
});

test("no line is over 100 characters", () => {
  const wrong = files.flatMap(({ path, text }) =>
    text
      .split("\n")
      .map((line, index) => ({ where: `${path}:${index + 1}`, length: [...line].length, line }))
      .filter(({ length, line }) => length > 100 && !/https?:|"[^"]{60,}"|`[^`]{60,}`/.test(line))
      .map(({ where, length }) => `${where}: ${length}`),
  );
  assert.deepEqual(wrong, []);
});

test("the first line of a file says what it is for", () => {
  const wrong = offenders(({ path, text }) => {
    const first = text.startsWith("#!") ? text.split("\n")[1] : text.split("\n")[0];
    return /^\/\/ \S.{9,}/.test(first ?? "") ? undefined : path;
  });
  assert.deepEqual(wrong, []);
});

test("files have kebab-case names that say something", () => {
  const banned = /^(index|utils?|helpers?|common|shared|types|manager|misc)\./;
  const wrong = offenders(({ path }) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const good = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|suite))?\.(ts|mjs|js)$/.test(name);
    return good && !banned.test(name) ? undefined : path;
  });
  assert.deepEqual(wrong, []);
});

test("there are no default exports, enums, namespaces or classes but errors", () => {
  const wrong = offenders(({ path, text }) => {
    if (/^export default/m.test(text)) return `${path}: default export`;
    if (/^(export )?(const )?(enum|namespace) /m.test(text)) return `${path}: enum or namespace`;
    const classes = text.matchAll(/^(?:export )?(?:abstract )?class (\w+)(?: extends (\w+))?/gm);
    const wrong = [...classes].find((one) => !(one[2] ?? "").endsWith("Error"));
    return wrong === undefined ? undefined : `${path}: class ${wrong[1]}`;
  }, source);
  assert.deepEqual(wrong, []);
});

test("nothing unfinished is left in the tree", () => {
  const marks = new RegExp(["TO" + "DO", "FIX" + "ME", "X" + "XX", "\\.on" + "ly\\("].join("|"));
  const wrong = offenders(({ path, text }) => (marks.test(text) ? path : undefined));
  assert.deepEqual(wrong, []);
});

/** Words of the domains, which the core must not know. The contracts' public field names stay. */
const DOMAIN_WORDS = /\b(workers?_id|staffing|forklift|welder|recruit|bookshop|isbn|payroll)\b/i;

/** Where a domain may be named: the defaults of settings and of commands, and the demo. */
const MAY_NAME_DOMAINS = /^src\/(app\/settings\.ts|app\/demo\/|edges\/cli\/)/;

function domainWords(of: readonly { path: string; text: string }[]): string[] {
  return of
    .filter(({ path }) => path.startsWith("src/") && !MAY_NAME_DOMAINS.test(path))
    .flatMap(({ path, text }) =>
      text
        .split("\n")
        .filter((line) => DOMAIN_WORDS.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
}

test("the core knows no domain (and the check can fail)", () => {
  assert.equal(domainWords([{ path: "src/kernel/x.ts", text: "// staffing" }]).length, 1);
  assert.deepEqual(domainWords(source), []);
});

test("each service folder has a README of at most 40 lines", () => {
  for (const { service, plane } of PARTS) {
    const path = join(ROOT, "src", plane, service, "README.md");
    const lines = readFileSync(path, "utf8").trimEnd().split("\n").length;
    assert.ok(lines >= 5 && lines <= 40, `${path}: ${lines} lines`);
  }
});

test("every settings key of every service carries its unit or is a plain word", () => {
  const wrong = source
    .filter((file) => file.path.endsWith("-settings.ts"))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^\s+(\w*(?:timeout|interval|delay)\w*):/gm)]
        .map((match) => match[1]!)
        .filter((key) => !/_(ms|s|days)$/.test(key))
        .map((key) => `${path}: ${key}`),
    );
  assert.deepEqual(wrong, []);
});

test("the tree in the README is the tree on disk", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const block = /```tree\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const named = [...block.matchAll(/^[│├└─ ]*([\w.-]+)(\/?)\s/gm)].map((match) => match[1]!);
  assert.ok(named.length > 8, "the README has no ```tree block");
  const hidden = new Set([".git", "node_modules", ".cache", "data", "reports"]);
  const top = readdirSync(ROOT).filter((name) => !hidden.has(name));
  const folders = top.filter((name) => statSync(join(ROOT, name)).isDirectory());
  const planes = readdirSync(join(ROOT, "src"));
  for (const name of [...folders.filter((one) => !one.startsWith(".")), ...planes]) {
    assert.ok(named.includes(name), `${name} is on disk, not in the README's tree`);
  }
  for (const name of named) {
    const there = [ROOT, join(ROOT, "src")].some((folder) => readdirSync(folder).includes(name));
    assert.ok(there, `${name} is in the README's tree, not on disk`);
  }
});

test("every dependency has its reason in a decision record", () => {
  const folder = join(ROOT, "docs/decisions");
  const records = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Record<
    string,
    Record<string, string>
  >;
  const kinds = ["dependencies", "devDependencies", "optionalDependencies"];
  const names = kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}));
  assert.ok(names.length > 10);
  const missing = names.filter((name) => !records.some((text) => text.includes(`\`${name}\``)));
  assert.deepEqual(missing, []);
});

test("the lock file holds no addresses", () => {
  const lock = readFileSync(join(ROOT, "package-lock.json"), "utf8");
  assert.ok(lock.includes('"packages"'));
  assert.equal(/"resolved"/.test(lock), false);
});
