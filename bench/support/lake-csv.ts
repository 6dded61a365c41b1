// The CSV file that the benchmarks of the lake read: staff rows, the same for the same count.
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { seededRandom } from "#kernel/random.ts";

const ROLES = ["Forklift Operator", "Welder", "Nurse, RN", "Picker", "Line Cook", "Electrician"];
const CITIES = ["Chicago", "Detroit", "Gary", "Toledo", "Cleveland", "Fort Wayne", "Dayton"];
const SHIFTS = ["day", "night", "swing"];
const WORDS = "reliable late certified heavy machine prefers weekend bilingual asks overtime".split(
  " ",
);

/** The same file for the same count of rows; kept between runs. */
export async function writeCsv(rows: number): Promise<string> {
  const folder = resolve(import.meta.dirname, "..", "..", ".cache", "bench");
  const path = join(folder, `staff-${rows}.csv`);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  await pipeline(csvText(rows), createWriteStream(`${path}.part`));
  await rename(`${path}.part`, path);
  return path;
}

function* csvText(rows: number): Generator<string> {
  const random = seededRandom(1);
  yield "row_no,worker_id,name,role,city,shift,pay,level,since,active,notes\n";
  let text = "";
  for (let at = 0; at < rows; at++) {
    const role = random.pick(ROLES);
    const notes = `${random.pick(WORDS)} ${random.pick(WORDS)} ${random.int(1_000_000)}`;
    const since = new Date(1_500_000_000_000 + random.int(3_000) * 86_400_000);
    const cells = [
      at,
      `w-${random.int(rows)}`,
      `Name${random.int(9_999)} Surname${random.int(77_777)}`,
      role.includes(",") ? `"${role}"` : role,
      random.pick(CITIES),
      random.pick(SHIFTS),
      random.int(100) < 3 ? "" : (10 + random.int(3_000) / 100).toFixed(2),
      1 + random.int(5),
      since.toISOString().slice(0, 10),
      random.int(10) > 0,
      notes,
    ];
    text += `${cells.join(",")}\n`;
    if (text.length < 1 << 20) continue;
    yield text;
    text = "";
  }
  yield text;
}
