// Every bound of the house in one place. Bytes, milliseconds and counts, as the names say.

export const LIMITS = {
  /** Largest JSON request body an operation takes unless its contract says otherwise. */
  json_body_bytes_max: 8 * 1024 * 1024,
  /** Levels of objects and lists in a JSON body; each takes stack wherever it is walked through. */
  json_levels_max: 1_000,
  /** Largest raw body: storage applies its own caps by prefix before reading. */
  raw_body_bytes_max: 64 * 1024 * 1024 * 1024,
  /** Silence of a sender in the middle of its request body. */
  body_stall_ms: 60_000,
  /** A reader who takes nothing of an answer: whatever makes it is then ended. */
  reader_stall_ms: 300_000,
  /** Deadline of a call that brings none. */
  call_timeout_ms: 120_000,
  /** Deadline of connecting, TLS included, to whatever answers over HTTP (on Node). */
  connect_timeout_ms: 5_000,
  /** Rows or entries that one page of a listing holds at most. */
  page_size_max: 1_000,
  page_size_default: 100,
  /** Items one batch (embed texts, vector upserts, playbook bulk) holds at most. */
  batch_items_max: 10_000,
  /** Longest name of a dataset, index, corpus. */
  name_length_max: 128,
  /** Characters of a text that is embedded, searched or recorded. */
  text_length_max: 1_000_000,
  /** When the house is asked to stop: time for what is under way before it is cancelled. */
  stop_grace_ms: 2_000,
  /** From then until connections are cut: stores close after it, and supervisors kill at 10 s. */
  cut_after_grace_ms: 3_000,
  /** Events the witness keeps in memory. */
  event_ring_size: 2_000,
  /** Events, as JSON, that may wait for an observer before the oldest are counted as lost. */
  witness_held_bytes_max: 16 * 1024 * 1024,
} as const;
