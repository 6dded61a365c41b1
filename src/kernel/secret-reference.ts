// How settings name a secret: by reference only, so that no file of settings holds one.
import { z } from "zod";

const REFERENCE = /^(?:env|file):./;

/** `env:NAME`, `file:/path`, or empty for none. What is refused is not told: it may be a secret. */
export const secretReference = z.string().refine((text) => text === "" || REFERENCE.test(text), {
  error: "a secret stands here by reference only: env:NAME or file:/path",
});
