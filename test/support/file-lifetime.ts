// What all tests of a file share, gone when the last of them ends.
import { after } from "node:test";

/** Stops what is handed to it after all tests of the file that asks, last first. */
export function fileLifetime() {
  const stops: (() => unknown)[] = [];
  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });
  return { after: (stop: () => unknown) => void stops.push(stop) };
}
