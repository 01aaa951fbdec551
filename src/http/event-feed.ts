/**
 * The newest events of this process, for clients that listen and that come again. Nothing is kept for a
 * listener but its place: a listener that reads too slowly loses its place, and is closed.
 */

import type { ServerResponse } from 'node:http';

/** The oldest event is forgotten first. */
export const rememberedEvents = 10_000;
const rememberedBytes = 8 * 1024 * 1024;
/** After a break a listener comes again in this time, in milliseconds: not all at once. */
const comeAgainMs = { least: 1000, more: 3000 };
/** How often a listener hears that we live; one that has read nothing in this time is closed. */
const beatMs = 15_000;

/** Why a listener cannot go on where it was. */
type Reset = 'other-start' | 'too-old';

interface Stored {
  readonly number: number;
  /** Empty: of no cluster. */
  readonly cluster: string;
  /** As the listener gets it. */
  readonly bytes: Buffer;
}

interface Listener {
  readonly response: ServerResponse;
  /** Only the events of this cluster; undefined: of all. */
  readonly cluster: string | undefined;
  /** The number of the last event that was written to it, or is not for it. */
  seen: number;
  /** At the last beat its buffer was full, and it has not read that since. */
  isBehind: boolean;
}

export interface EventFeed {
  add(event: string, cluster: string, data: unknown): void;
  /** The id of the newest event: a listener that gives it gets what comes after. */
  position(): string;
  /** Sends what came after the event `after`, and all that comes. The response ends with `close`, or with its client. */
  listen(response: ServerResponse, wish: { readonly after?: string; readonly cluster?: string }): void;
  /** How many listen. */
  listeners(): number;
  close(): void;
}

/** `start`: a text that no other start of the process has, of letters and digits. */
export function createEventFeed(start: string): EventFeed {
  let stored: Stored[] = [];
  let storedBytes = 0;
  let newest = 0;
  const listeners = new Set<Listener>();
  let beating: NodeJS.Timeout | undefined;

  const idOf = (number: number): string => `${start}-${number}`;
  /** The number before the oldest event that is still there. */
  const forgotten = (): number => newest - stored.length;

  function add(event: string, cluster: string, data: unknown): void {
    newest += 1;
    const bytes = ownBytes(eventText(idOf(newest), event, data));
    stored.push({ number: newest, cluster, bytes });
    storedBytes += bytes.length;
    while (stored.length > rememberedEvents || (storedBytes > rememberedBytes && stored.length > 1))
      storedBytes -= stored.shift()?.bytes.length ?? 0;
    for (const listener of listeners) write(listener);
  }

  function write(listener: Listener): void {
    const { response, cluster } = listener;
    if (listener.seen < forgotten()) return void response.destroy();
    while (listener.seen < newest && !response.writableNeedDrain && !response.destroyed) {
      const next = stored[listener.seen - forgotten()];
      listener.seen += 1;
      if (next !== undefined && (cluster === undefined || next.cluster === cluster || next.cluster === ''))
        response.write(next.bytes);
    }
  }

  /** Where it goes on; a reset goes on with what comes now. */
  function placeOf(after: string | undefined): { readonly seen: number; readonly reset?: Reset } {
    if (after === undefined) return { seen: newest };
    const [, ofStart, digits] = /^([a-z0-9]+)-(\d{1,15})$/.exec(after) ?? [];
    const seen = Number(digits);
    if (ofStart !== start || seen > newest) return { seen: newest, reset: 'other-start' };
    return seen < forgotten() ? { seen: newest, reset: 'too-old' } : { seen };
  }

  function beat(): void {
    for (const listener of listeners) {
      const { response, isBehind } = listener;
      listener.isBehind = response.writableNeedDrain;
      if (isBehind && listener.isBehind) response.destroy();
      else if (!listener.isBehind) response.write(': beat\n\n');
    }
  }

  return {
    add,
    position: () => idOf(newest),
    listeners: () => listeners.size,
    listen(response, { after, cluster }) {
      const { seen, reset } = placeOf(after);
      const listener: Listener = { response, cluster, seen, isBehind: false };
      listeners.add(listener);
      beating ??= setInterval(beat, beatMs).unref();
      response.once('close', () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(beating);
        beating = undefined;
      });
      response.on('drain', () => {
        listener.isBehind = false;
        write(listener);
      });
      const retry = Math.round(comeAgainMs.least + Math.random() * comeAgainMs.more);
      response.write(`retry: ${retry}\n${greeting(idOf(seen), { after, reset })}`);
      write(listener);
    },
    close() {
      for (const { response } of listeners) response.end();
      stored = [];
    },
  };
}

function greeting(
  id: string,
  { after, reset }: { readonly after: string | undefined; readonly reset: Reset | undefined },
) {
  return reset === undefined
    ? eventText(id, 'hello', { resumed: after !== undefined })
    : eventText(id, 'reset', {
        reason: reset,
        sentence: resets[reset],
        hint: 'read GET /v1/clusters again; the events after this one follow',
      });
}

const resets: Readonly<Record<Reset, string>> = {
  'other-start':
    'The last event that you have seen is of another process: the daemon has been started again.',
  'too-old': 'Too many events have happened since the last one that you have seen.',
};

/** `Buffer.from` takes a slice of a common block: one event that is kept would keep 8 KB. */
function ownBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** JSON has no line breaks, so one line of data is enough. */
const eventText = (id: string, event: string, data: unknown): string =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
