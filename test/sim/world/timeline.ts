/**
 * Virtual time: things happen in the order of their time, and at one moment in the order in which they were
 * asked for. Between two of them every promise that can go on goes on. So code that waits for a promise runs
 * in the moment that settles the promise.
 */

export interface Timeline {
  /** Milliseconds since the world began. */
  readonly now: number;
  /** Not before now; whole milliseconds. */
  at(time: number, action: () => void): void;
  after(ms: number, action: () => void): void;
  /**
   * A process gets time in this moment, so promises may go on before the next. Most moments are of the world
   * alone, which has no promises: to wait for these would take longer than what happens in them.
   */
  stir(): void;
  /** Lets everything happen until this time, or until `stop` returns true. */
  runUntil(time: number, stop: () => boolean): Promise<void>;
}

interface Entry {
  readonly time: number;
  readonly sequence: number;
  readonly action: () => void;
}

export function createTimeline(): Timeline {
  const heap: Entry[] = [];
  let now = 0;
  let sequence = 0;
  // Something may have begun before the first moment.
  let isStirred = true;
  const at = (time: number, action: () => void): void => {
    sequence += 1;
    push(heap, { time: Math.max(now, Math.ceil(time)), sequence, action });
  };
  return {
    get now() {
      return now;
    },
    at,
    after: (ms, action) => at(now + ms, action),
    stir() {
      isStirred = true;
    },
    async runUntil(time, stop) {
      while (!stop()) {
        const [first] = heap;
        if (first === undefined || first.time > time) break;
        pop(heap);
        now = first.time;
        first.action();
        if (isStirred) {
          isStirred = false;
          await settled();
        }
      }
      now = Math.max(now, stop() ? now : time);
    },
  };
}

/** Signals and output get their time after so many moments. */
const momentsPerTurn = 1000;
let moments = 0;

/**
 * The world waits only for promises and the timeline. A next tick comes when no promise can go on, and costs
 * less than a turn of the event loop.
 */
function settled(): Promise<void> {
  moments += 1;
  const wait = moments % momentsPerTurn === 0 ? setImmediate : process.nextTick;
  return new Promise((resolve) => wait(resolve));
}

const isBefore = (a: Entry, b: Entry): boolean =>
  a.time < b.time || (a.time === b.time && a.sequence < b.sequence);

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(entry, heap[parent] as Entry)) break;
    heap[index] = heap[parent] as Entry;
    index = parent;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop() as Entry;
  if (heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
    if (!isBefore(heap[child] as Entry, last)) break;
    heap[index] = heap[child] as Entry;
    index = child;
  }
  heap[index] = last;
}
