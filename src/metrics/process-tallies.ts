/** How busy the process is. */

import type { Clock } from '../ports.ts';
import type { Samples } from './samples.ts';
import { Histogram } from './tallies.ts';

/** Rare enough to cost nothing, often enough to see a loop that is late all the time. Milliseconds. */
const lookEveryMs = 250;

/**
 * A histogram, because two monitoring systems may ask: Node's own percentiles would have to be reset, and each
 * would take from the other. Node's monitor also wakes the process a hundred times a second.
 */
export class ProcessTallies {
  readonly #clock: Clock;
  readonly #delay = new Histogram('source_dns_event_loop_delay_seconds', [{}]);
  #cancel: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#look();
  }

  stop(): void {
    this.#cancel();
  }

  tell(samples: Samples): void {
    this.#delay.tell(samples);
    const { user, system } = process.cpuUsage();
    const { active } = performance.eventLoopUtilization();
    const open = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    samples.add('source_dns_event_loop_busy_seconds_total', {}, active / 1000);
    samples.add('source_dns_open_connections', {}, open);
    samples.add('process_cpu_seconds_total', {}, (user + system) / 1e6);
    samples.add('process_resident_memory_bytes', {}, process.memoryUsage.rss());
    samples.add('process_start_time_seconds', {}, performance.timeOrigin / 1000);
  }

  #look(): void {
    const due = this.#clock.mono() + lookEveryMs;
    this.#cancel = this.#clock.after(lookEveryMs, () => {
      this.#delay.observe({}, (this.#clock.mono() - due) / 1000);
      this.#look();
    });
  }
}
