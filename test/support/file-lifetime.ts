// What all tests of a file share, made before the first and gone when the last of them ends.
import { after, beforeEach } from "node:test";

export function fileLifetime() {
  const stops: (() => unknown)[] = [];
  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });
  return {
    /** Stops what is handed to it after all tests of the file that asks, last first. */
    after: (stop: () => unknown) => void stops.push(stop),
    /** Node runs `before`, and then no `after`, where a name is asked for that no test has. */
    beforeFirst(open: () => Promise<void>): void {
      let opened: Promise<void> | undefined;
      beforeEach(() => (opened ??= open()));
    },
  };
}
