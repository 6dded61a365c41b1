// The staffing domain as the house sees it.
import type { DomainPack } from "#pack.ts";
import { staffingCorpora } from "./corpora.ts";
import { emailTask } from "./email-task.ts";
import { emailValidator } from "./email-validator.ts";
import { fillTask } from "./fill-task.ts";
import { fillValidator } from "./fill-validator.ts";
import { generateStaffing } from "./generate.ts";
import { staffingLiftSet } from "./lift-set.ts";
import { playbookTask } from "./playbook-task.ts";
import { playbookValidator } from "./playbook-validator.ts";
import { staffingSlots } from "./slots.ts";
import { staffingDay } from "./staffing-day.ts";

export const staffingPack: DomainPack = {
  name: "staffing",
  summary: "filling contracts with workers, e-mails to them, playbooks",
  validators: { fill: fillValidator, email: emailValidator, playbook: playbookValidator },
  tasks: { fill: fillTask, email: emailTask, playbook: playbookTask },
  slots: staffingSlots,
  corpora: staffingCorpora,
  generate: generateStaffing,
  liftSet: () => staffingLiftSet,
  scenario: () => staffingDay,
};
