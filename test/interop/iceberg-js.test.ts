// Two foreign clients from npm that always run: iceberg-js on our catalog, icebird on our tables.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { IcebergError, IcebergRestCatalog } from "iceberg-js";
import { icebergRead, type TableMetadata } from "icebird";
import { startHouse, type RunningHouse } from "../support/running-house.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ourRows } from "./engine-values.ts";
import { fillLake, TABLES } from "./lake-tables.ts";
