// Events that wait for an observer that is away: as bytes, which cost the collector nothing.
import type { EventInput } from "#contracts/observe.ts";

export interface HeldEvents {
  count(): number;
  /** Behind all others. Over the bound the oldest are given up: how many. */
  hold(events: readonly EventInput[]): number;
  /** Before all others: they were taken and could not be sent. */
  putBack(events: readonly EventInput[]): void;
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

  function add(block: Block, events: readonly EventInput[]): Block {
    const part = Buffer.from(JSON.stringify(events).slice(1, -1));
    block.parts.push(part);
    block.count += events.length;
    block.bytes += part.length;
    count += events.length;
    bytes += part.length;
    return block;
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
      if (events.length === 0) return 0;
      const last = blocks.at(-1);
      if (last !== undefined && last.count + events.length <= block_events_max) add(last, events);
      else blocks.push(add(emptyBlock(), events));
      let lost = 0;
      while (bytes > bytes_max && blocks.length > 1) lost += shift()!.count;
      return lost;
    },
    putBack(events) {
      if (events.length > 0) blocks.unshift(add(emptyBlock(), events));
    },
    take() {
      const block = shift();
      return block && (JSON.parse(`[${block.parts.join(",")}]`) as EventInput[]);
    },
  };
}

const emptyBlock = (): Block => ({ parts: [], count: 0, bytes: 0 });
