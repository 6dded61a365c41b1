// Ctrl-C on a command that runs the house itself: what it asked for ends, is written down, and then
// the program ends.
import type { OpenHouse } from "#edges/cli/cli-host.ts";
import { ALL_CONTRACTS, type Clients, type ServiceName } from "#contracts/all-contracts.ts";
import { boundedCall, startCall, type Call } from "#kernel/call.ts";
import type { Operation } from "#kernel/contract.ts";
import { LakehouseError } from "#kernel/problem.ts";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof EXIT_CODES;
const SIGNALS = Object.keys(EXIT_CODES) as Signal[];

/** A command may wait for what no signal ends, such as its input: it has so long to notice. */
const LAST_WORDS_MS = 1_000;

export interface Interruptions {
  /** The house, if it runs in here, so that the first signal ends its calls and closes it. */
  watch(house: OpenHouse): OpenHouse;
  /** What the program ends with: the signal's own code once there was one. */
  exitCode(code: number): number;
}

/** `end` ends the program at once. The second signal always does. */
export function createInterruptions(end: (code: number) => void): Interruptions {
  let interrupted: Signal | undefined;
  let last_words: NodeJS.Timeout | undefined;

  return {
    watch(house) {
      if (!house.embedded) return house;
      const leaving = new AbortController();
      let closed: Promise<void> | undefined;
      let command_is_over = false;
      const close = () => (closed ??= house.close());

      function hear(signal: Signal): void {
        if (interrupted !== undefined) return end(EXIT_CODES[signal]);
        interrupted = signal;
        const name = signal === "SIGINT" ? "interrupted" : "terminated";
        leaving.abort(new LakehouseError("cancelled", `${name}: what was under way is ended`));
        // Not the command alone: it may be waiting for something else.
        void close()
          .catch(() => undefined)
          .then(() => {
            if (command_is_over) return;
            last_words = setTimeout(() => end(EXIT_CODES[signal]), LAST_WORDS_MS);
          });
      }

      const listeners = SIGNALS.map((signal) => [signal, () => hear(signal)] as const);
      for (const [signal, listener] of listeners) process.on(signal, listener);
      return {
        clients: leavingClients(house.clients, leaving.signal),
        embedded: true,
        async close() {
          try {
            await close();
          } finally {
            command_is_over = true;
            for (const [signal, listener] of listeners) process.off(signal, listener);
          }
        },
      };
    },
    exitCode(code) {
      clearTimeout(last_words);
      return interrupted === undefined ? code : EXIT_CODES[interrupted];
    },
  };
}

type Ask = (input: unknown, call?: Call) => unknown;

/** The same clients; every call ends with the signal. */
function leavingClients(clients: Clients, signal: AbortSignal): Clients {
  const leaving: Record<string, Record<string, Ask>> = {};
  for (const service of Object.keys(clients) as ServiceName[]) {
    const operations = Object.entries<Operation>(ALL_CONTRACTS[service].operations);
    const client = clients[service] as unknown as Record<string, Ask>;
    leaving[service] = Object.fromEntries(
      operations.map(([name, { timeout_ms }]): [string, Ask] => [
        name,
        (input, call) => {
          const asked = call ?? startCall({ timeout_ms });
          return client[name]!(input, boundedCall(asked, { signal }));
        },
      ]),
    );
  }
  return leaving as unknown as Clients;
}
