// The memory store under the suite of its port.
import { pointerStoreSuite } from "#ports/pointer-store.suite.ts";
import { createMemoryPointerStore } from "./memory-pointer-store.ts";

pointerStoreSuite("memory pointer store", () => createMemoryPointerStore());
