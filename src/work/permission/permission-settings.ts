// Settings of permission.
import { z } from "zod";
import { permissionPolicy } from "#contracts/permission.ts";

/** What validators accepted is remembered: the house is there for that. */
const REMEMBER = { action: "respond.remember", auto_from: 0 };
/** What nobody has thought of is shown or tried on a copy, never done. */
const EVERYTHING = { action: "*", dry_run_from: 0.9, simulation_from: 0.5 };

const FILES = { action: "file.*", auto_from: 0.95, dry_run_from: 0.8, simulation_from: 0.5 };

export const permissionSettings = z.strictObject({
  policies: z
    .array(permissionPolicy)
    .max(1_000)
    .default([REMEMBER, EVERYTHING])
    .describe('the most exact action decides; without a policy (and no "*") it is blocked')
    .meta({ examples: [FILES] }),
});
export type PermissionSettings = z.output<typeof permissionSettings>;
