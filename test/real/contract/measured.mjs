// Loaded before a program (node --import): writes what it takes to the file in MEASURED_FILE, ten times a second. A file of that name and `.reset` begins anew.
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let heapMb = 0;
setInterval(() => {
  if (existsSync(`${process.env.MEASURED_FILE}.reset`)) {
    rmSync(`${process.env.MEASURED_FILE}.reset`);
    delay.reset();
    heapMb = 0;
  }
  const { heapUsed, rss } = process.memoryUsage();
  heapMb = Math.max(heapMb, heapUsed / 1_048_576);
  const rssMb = Math.max(process.resourceUsage().maxRSS / 1024, rss / 1_048_576);
  writeFileSync(
    `${process.env.MEASURED_FILE}.new`,
    JSON.stringify({ heapMb, rssMb, longestDelayMs: delay.max / 1e6 }),
  );
  renameSync(`${process.env.MEASURED_FILE}.new`, process.env.MEASURED_FILE);
}, 100).unref();
