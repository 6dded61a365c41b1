// A house of its own for the soak: gateway, chat and ledger in a process whose resources are told.
// Started with fork; answers each "figures" with what it holds, after collecting garbage.
import { readdirSync } from "node:fs";
import { silentLog } from "#kernel/log.ts";
import { serveHouse } from "#app/serve.ts";
import { loadSettings } from "#app/settings.ts";

export interface SoakFigures {
  readonly heap_bytes: number;
  readonly rss_bytes: number;
  /** What keeps the event loop: kind → how many. */
  readonly resources: Readonly<Record<string, number>>;
  /** Open files and sockets; 0 where the system does not tell. */
  readonly descriptors: number;
}

/** Provider `bad` at `argv[3]`; limits so tight that a silent provider is soon given up. */
const [, , data_dir, base_url] = process.argv;
const settings = await loadSettings({
  file: undefined,
  variables: {},
  overrides: {
    data_dir: data_dir!,
    domains: [],
    gateway: { port: 0 },
    providers: { ollama: "", endpoints: [{ name: "bad", base_url: `${base_url!}/v1` }] },
    chat: {
      first_token_timeout_ms: 2_000,
      gap_timeout_ms: 1_000,
      retry_base_ms: 5,
      retry_wait_max_ms: 20,
      // It fails by design: left alone it would not be met any more.
      breaker_failures: 1_000_000,
    },
  },
});
const serving = await serveHouse({
  settings,
  variables: {},
  log: silentLog,
  version: "soak",
  only: ["chat", "usage"],
  gateway: true,
});

process.on("message", (message) => {
  if (message === "figures") process.send!(figures());
  else void serving.stop().then(() => process.exit(0));
});
process.on("disconnect", () => process.exit(1));
process.send!({ url: serving.url });

function figures(): SoakFigures {
  collectGarbage();
  collectGarbage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    resources[kind] = (resources[kind] ?? 0) + 1;
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heap_bytes: heapUsed, rss_bytes: rss, resources, descriptors: openDescriptors() };
}

function collectGarbage(): void {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(is_whole: boolean): void } };
  gc?.();
  Bun?.gc(true);
}

function openDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
