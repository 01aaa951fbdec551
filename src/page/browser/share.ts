/**
 * Windows of one browser share its six connections to a host: some of them have a stream, the others ask
 * every few seconds. There is no leader: the windows with the smallest numbers have a stream.
 */

const mostStreams = 4;
const announceMs = 1000;
const forgetMs = 3500;

export interface Share {
  /** Also tells the other windows that this one is looked at. */
  mayStream(): boolean;
}

export function joinWindows(): Share {
  const mine = Math.random();
  const heard = new Map<number, number>();
  const channel = new BroadcastChannel('source-dns-windows');
  channel.addEventListener('message', ({ data }: MessageEvent<number>) => heard.set(data, performance.now()));
  let announcedAt = Number.NEGATIVE_INFINITY;
  return {
    mayStream() {
      const now = performance.now();
      if (now - announcedAt > announceMs) {
        announcedAt = now;
        channel.postMessage(mine);
      }
      for (const [number, at] of heard) if (now - at > forgetMs) heard.delete(number);
      return [...heard.keys()].filter((number) => number < mine).length < mostStreams;
    },
  };
}
