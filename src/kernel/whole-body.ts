// A body that is there in whole: read as a stream like any other, and sent without one.
import type { ByteStream } from "./contract.ts";

interface WholeBody extends AsyncIterableIterator<Uint8Array> {
  readonly [WHOLE]: string;
}

const WHOLE: unique symbol = Symbol("whole body");

/** The text as a body of one piece. */
export function wholeBody(text: string): ByteStream {
  let read = false;
  const body: WholeBody = {
    [WHOLE]: text,
    next() {
      if (read) return Promise.resolve({ done: true, value: undefined });
      read = true;
      return Promise.resolve({ done: false, value: Buffer.from(text) });
    },
    return() {
      read = true;
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]: () => body,
  };
  return body;
}

/** A body without a byte. */
export async function* emptyBody(): AsyncGenerator<Uint8Array> {}

/** A body that broke off before anything of it was read. */
export function failingBody(error: Error): ByteStream {
  const body: AsyncIterableIterator<Uint8Array> = {
    next: () => Promise.reject(error),
    return: () => Promise.resolve({ done: true, value: undefined }),
    [Symbol.asyncIterator]: () => body,
  };
  return body;
}

/** The text of a body that was made here; undefined: it must be read. */
export function wholeTextOf(body: ByteStream): string | undefined {
  return (body as Partial<WholeBody>)[WHOLE];
}
