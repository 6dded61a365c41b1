// Preloaded into a process: at each SIGUSR2 it says how many major collections there were so far.
import { constants, PerformanceObserver, type PerformanceEntry } from "node:perf_hooks";

let major = 0;
const observer = new PerformanceObserver((list) => count(list.getEntries()));
observer.observe({ entryTypes: ["gc"] });

function count(entries: readonly PerformanceEntry[]): void {
  for (const { detail } of entries as readonly (PerformanceEntry & {
    detail: { kind: number };
  })[]) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) major++;
  }
}

process.on("SIGUSR2", () => {
  count(observer.takeRecords());
  process.stderr.write(`major collections: ${major}\n`);
});
