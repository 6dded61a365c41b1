// A data folder that cannot be used is told in words, before anything is opened.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "#kernel/log.ts";
import type { LakehouseError } from "#kernel/problem.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { composeHouse } from "./compose.ts";
import { houseSettings } from "./settings.ts";

test("a data folder that cannot be made is a fault of the settings, and what is there stays", async (t) => {
  const file = join(await tempDir(t), "file");
  await writeFile(file, "kept");
  for (const data_dir of [file, join(file, "below")]) {
    const opening = composeHouse({
      settings: houseSettings.parse({ data_dir }),
      variables: {},
      log: silentLog,
      only: ["journal"],
    });
    await assert.rejects(opening, (error: LakehouseError) => {
      assert.equal(error.reason, "bad_settings");
      assert.match(error.message, /data folder .*cannot be used \((ENOTDIR|EEXIST)\)/);
      return /--data/.test(error.hint!);
    });
  }
});
