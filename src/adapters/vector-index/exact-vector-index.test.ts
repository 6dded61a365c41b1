// The reference vector index passes the suite of its port.
import { vectorIndexSuite } from "#ports/vector-index.suite.ts";
import { createExactEngine } from "./exact-vector-index.ts";

vectorIndexSuite("exact", () => createExactEngine());
