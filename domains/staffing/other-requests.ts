// Tells requests to write something (an e-mail, a playbook) from requests to fill a shift.
const VERBS =
  "e-?mail|write(?: an? e-?mail)? to|send(?: an? e-?mail)? to|send W-|message|" +
  "drop a line to|let W-|draft an? (?:e-?mail|message|note)";
const EMAIL = new RegExp(`^\\s*(?:please\\s+|can you\\s+|could you\\s+)?(?:${VERBS})\\b`, "i");
const WORKER_ID = /\bW-\d{6,}\b/i;
const PLAYBOOK = /\bplay-?book\b/i;
const WRITE = /\b(?:write|draft|record|create|put together|document|make|note down|set up)\b/i;

/** The worker an e-mail is to be written to; undefined when it is no such request. */
export function emailRecipient(task: string): string | undefined {
  if (!EMAIL.test(task)) return undefined;
  return WORKER_ID.exec(task)?.[0].toUpperCase();
}

export function isEmailRequest(task: string): boolean {
  return EMAIL.test(task);
}

export function isPlaybookRequest(task: string): boolean {
  return PLAYBOOK.test(task) && WRITE.test(task);
}

const UNDO_VERBS =
  "cancel|call off|fire|dismiss|terminate|lay off|let go|remove|unassign|release|replace";
const UNDOING = new RegExp(
  `^\\s*(?:please\\s+|can you\\s+|could you\\s+)?(?:${UNDO_VERBS})\\b`,
  "i",
);
const ASKING = /^\s*(?:which|who)\b.*\b(?:rated|ranked|fired|left|quit|worst|lowest)\b/i;

/** A request that takes people away, or asks about them: it names a role and fills nothing. */
export function isNoFill(task: string): boolean {
  return UNDOING.test(task) || ASKING.test(task);
}
