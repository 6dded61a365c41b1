// The staffing-day scenario: a cold first day, then repeats, look-alikes and off-topic requests.
import type { Scenario, ScenarioTask } from "#pack.ts";
import { OFF_TOPIC } from "./lift-limits.ts";
import { staffingLiftQueries } from "./lift-set.ts";

/** Two requests of each category are enough for a day. */
const PER_CATEGORY = 2;

const OTHER_WORK = [
  {
    task_id: "email-1",
    kind: "email",
    task: "E-mail W-000042 about the night shift in Toledo on Monday",
  },
  {
    task_id: "email-2",
    kind: "email",
    task: "Write to W-000117 to offer work as a packer in Columbus next Friday",
  },
  {
    task_id: "playbook-1",
    kind: "playbook",
    task: "Write a playbook for filling forklift operators in Toledo, OH",
  },
  {
    task_id: "playbook-2",
    kind: "playbook",
    task: "Put together a playbook for order pickers in Joliet",
  },
] as const;

export const staffingDay: Scenario = {
  name: "staffing day",
  summary: "day 1: requests nobody has seen; day 2: the same again, in other words, and traps",
  tasks: [...dayOne(), ...dayTwo()],
};

function chosen() {
  const taken = new Map<string, number>();
  return staffingLiftQueries.filter(({ category }) => {
    const count = (taken.get(category) ?? 0) + 1;
    taken.set(category, count);
    return count <= PER_CATEGORY;
  });
}

function dayOne(): ScenarioTask[] {
  const cold = chosen().map(({ query_id, text }) => ({
    task_id: query_id,
    day: 1,
    form: "cold" as const,
    task: text,
    origin: undefined,
    kind: "fill",
  }));
  const others = OTHER_WORK.map((work) => ({
    ...work,
    day: 1,
    form: "cold" as const,
    origin: undefined,
  }));
  return [...cold, ...others];
}

function dayTwo(): ScenarioTask[] {
  const repeats = chosen().flatMap(({ query_id, text, paraphrases, lookalikes }) => {
    const again = (form: ScenarioTask["form"], number: number, task: string): ScenarioTask => ({
      task_id: `${query_id}-${form}-${number}`,
      day: 2,
      form,
      task,
      origin: query_id,
      kind: "fill",
    });
    return [
      again("verbatim", 1, text),
      ...paraphrases.map((task, index) => again("paraphrase", index + 1, task)),
      ...lookalikes.map((task, index) => again("lookalike", index + 1, task)),
    ];
  });
  const off_topic = OFF_TOPIC.map((task, index) => ({
    task_id: `off-topic-${index + 1}`,
    day: 2,
    form: "off_topic" as const,
    task,
    origin: undefined,
    kind: undefined,
  }));
  return [...repeats, ...off_topic];
}
