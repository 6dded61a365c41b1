// A process of its own for local models: loading and running weights holds up nobody else, and a
// crash of the engine is not one of the house. Started by `local-link.ts`.
import { toLakehouseError } from "#kernel/problem.ts";
import { generate } from "./local-generate.ts";
import type { AnswerPiece, LocalOrder, LocalReply } from "./local-messages.ts";
import { createWeightsHolder, type WeightsHolder } from "./local-weights.ts";

function main(): void {
  const asked = new Map<number, AbortController>();
  let holder: WeightsHolder | undefined;

  const say = (reply: LocalReply) => void process.send!(reply);

  async function answer({ id, path, ask }: Extract<LocalOrder, { kind: "ask" }>): Promise<void> {
    const leaving = new AbortController();
    asked.set(id, leaving);
    const { signal } = leaving;
    try {
      const weights = await holder!.take(path, signal);
      const onPiece = (piece: AnswerPiece) => say({ kind: "piece", id, piece });
      say({ kind: "done", id, last: await generate(weights, { ...ask, signal }, onPiece) });
    } catch (thrown) {
      const { code, message, reason, hint } = toLakehouseError(thrown);
      say({ kind: "failed", id, code, message, reason, hint });
    } finally {
      asked.delete(id);
    }
  }

  process.on("message", (order: LocalOrder) => {
    if (order.kind === "open") {
      holder = createWeightsHolder(order.options, (level, fields, message) =>
        say({ kind: "log", level, fields, message }),
      );
    } else if (order.kind === "ask") void answer(order);
    else asked.get(order.id)?.abort();
  });
  // The house is gone, or done with us. Nothing here is worth a goodbye.
  process.on("disconnect", () => process.exit(0));
  // A signal to the group is the house's business: it lets running answers end.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
}

main();
