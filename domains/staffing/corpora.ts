// How rows become texts that can be searched: the roster, and past placements.
import type { CorpusRecipe } from "#pack.ts";

export const staffingCorpora: readonly CorpusRecipe[] = [
  {
    corpus: "workers",
    summary: "the roster: one text for each worker",
    dataset: "workers",
    id_column: "worker_id",
    id_prefix: "w-",
    template:
      "{role} in {city}, {state}. {shift} shift. Skills: {skills}. Certifications: " +
      "{certifications}. Available: {availability}. {notes} {name} {worker_id}",
    metadata_columns: [
      "worker_id",
      "name",
      "role",
      "city",
      "state",
      "skills",
      "certifications",
      "availability",
      "reliability",
      "pay",
      "status",
      "blacklisted",
      "shift",
      "notes",
      "email",
    ],
  },
  {
    corpus: "placements",
    summary: "who worked where, and how it went",
    dataset: "placements",
    id_column: "placement_id",
    id_prefix: "p-",
    template:
      "{worker_name} ({worker_id}) worked as {role} in {city}, {state} on the {shift} shift for " +
      "{weeks} weeks from {start_date}. Rating {rating} of 5. {feedback}",
    metadata_columns: ["worker_id", "role", "city", "state", "shift", "rating", "weeks"],
  },
];
