// Keeps a server's heap near what it holds: garbage is collected before it piles up in memory.
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { onBun } from "#kernel/http-client.ts";

/** The old generation may grow by so much between collections; V8 alone lets it grow fourfold. */
const GROWING_PERCENT = 50;
/** Room for new objects, both halves of it; V8 alone goes to three times this. */
const NEW_SPACE_BYTES_MAX = 24 * 1024 * 1024;
const LOOK_EVERY_MS = 100;

/** For servers on Node, once: its flags hold for the whole process. See docs/decisions/0022. */
export function keepHeapSmall(): void {
  if (onBun()) return;
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
  let grows = true;
  // The bound itself is fixed when V8 starts; whether it grows towards it is not. When nothing is
  // to do V8 takes room away, which must be able to come back.
  const look = () => {
    const space = getHeapSpaceStatistics().find((one) => one.space_name === "new_space");
    const may_grow = space !== undefined && space.space_size < NEW_SPACE_BYTES_MAX;
    if (may_grow === grows) return;
    grows = may_grow;
    setFlagsFromString(`--semi-space-growth-factor=${may_grow ? 2 : 1}`);
  };
  setInterval(look, LOOK_EVERY_MS).unref();
}
