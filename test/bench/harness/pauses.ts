/** The longest time for which the event loop of this process did not come round. */

export interface Pauses {
  /** The longest so far; ends the watch. */
  longestMs(): number;
}

/** In CPU time: what else runs on the machine is no pause of ours. */
export function watchPauses(): Pauses {
  let last = process.cpuUsage();
  let longest = 0;
  let isOver = false;
  const look = (): void => {
    const { user, system } = process.cpuUsage(last);
    longest = Math.max(longest, (user + system) / 1000);
    last = process.cpuUsage();
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  return {
    longestMs() {
      isOver = true;
      return longest;
    },
  };
}
