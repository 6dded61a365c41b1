// Events that wait for an observer that is away: as bytes, which cost the collector nothing.
import type { EventInput } from "#contracts/observe.ts";

export interface HeldEvents {
  count(): number;
  /**
   * Behind all others. How many were given up: the oldest, when there are too many, and what JSON
   * cannot say.
   */
  hold(events: readonly EventInput[]): number;
  /** Before all others, those that were taken and could not be sent; how many were given up. */
  putBack(events: readonly EventInput[]): number;
  /** The oldest that were held together; undefined: there are none. */
  take(): EventInput[] | undefined;
}

/** Events that were held soon after each other, and are sent together. */
interface Block {
  /** Each is JSON of several events, without the brackets of a list around them. */
  readonly parts: Buffer[];
  count: number;
  bytes: number;
}

/** Keeps at most `bytes_max` of JSON, but always the block that was held last. */
export function createHeldEvents(bytes_max: number, block_events_max: number): HeldEvents {
  const blocks: Block[] = [];
  let count = 0;
  let bytes = 0;

  /** How many could not be added. */
  function add(block: Block, events: readonly EventInput[]): number {
    const texts = events.map(textOf).filter((text) => text !== undefined);
    if (texts.length === 0) return events.length;
    const part = Buffer.from(texts.join(","));
    block.parts.push(part);
    block.count += texts.length;
    block.bytes += part.length;
    count += texts.length;
    bytes += part.length;
    return events.length - texts.length;
  }

  function shift(): Block | undefined {
    const block = blocks.shift();
    count -= block?.count ?? 0;
    bytes -= block?.bytes ?? 0;
    return block;
  }

  return {
    count: () => count,
    hold(events) {
      let last = blocks.at(-1);
      if (last === undefined || last.count + events.length > block_events_max) {
        last = emptyBlock();
        blocks.push(last);
      }
      let lost = add(last, events);
      if (last.count === 0) blocks.pop();
      while (bytes > bytes_max && blocks.length > 1) lost += shift()!.count;
      return lost;
    },
    putBack(events) {
      const first = emptyBlock();
      const lost = add(first, events);
      if (first.count > 0) blocks.unshift(first);
      return lost;
    },
    take() {
      const block = shift();
      return block && (JSON.parse(`[${block.parts.join(",")}]`) as EventInput[]);
    },
  };
}

const emptyBlock = (): Block => ({ parts: [], count: 0, bytes: 0 });

/** Undefined: it has no JSON form. */
function textOf(event: EventInput): string | undefined {
  try {
    return JSON.stringify(event);
  } catch {
    return undefined;
  }
}
