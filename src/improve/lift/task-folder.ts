// Data sets of tasks made from templates: tasks.json, the same workflow with other values each.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const task = z.looseObject({
  task_id: z.union([z.number(), z.string()]),
  intent: z.string().min(1),
  intent_template_id: z.union([z.number(), z.string()]),
  sites: z.array(z.string()).default([]),
  start_url: z.string().optional(),
  eval: z.unknown(),
});

export interface TemplateTask {
  readonly id: string;
  readonly text: string;
  readonly template: string;
  /** What the answer depends on beside the words, where the set says it. */
  readonly facts: Readonly<Record<string, string>>;
  /** What counts as the answer, as one text: equal texts are equal answers. */
  readonly answer: string;
}

/** undefined when the folder is not of this form (no tasks.json with templates). */
export async function readTaskFolder(folder: string): Promise<readonly TemplateTask[] | undefined> {
  const text = await readFile(join(folder, "tasks.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = z.array(task).min(1).safeParse(JSON.parse(text));
  if (!parsed.success) return undefined;
  return parsed.data.map((it) => ({
    id: String(it.task_id),
    text: it.intent.trim(),
    template: String(it.intent_template_id),
    facts: {
      ...(it.sites.length === 0 ? {} : { site: it.sites.toSorted().join(" ") }),
      ...(it.start_url === undefined ? {} : { start_url: it.start_url }),
    },
    answer: JSON.stringify(it.eval ?? null),
  }));
}
