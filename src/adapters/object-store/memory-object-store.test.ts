// The memory store under the suite of its port.
import { objectStoreSuite } from "#ports/object-store.suite.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { createMemoryObjectStore } from "./memory-object-store.ts";

objectStoreSuite("memory object store", async (t) =>
  createMemoryObjectStore({ scratch_dir: await tempDir(t) }),
);
