/** Runs many hostile cases in parallel; each lane has its own server. */

import { startFalseMysqld } from '../../support/false-mysqld.ts';
import { healthyReply } from '../../support/healthy.ts';
import { seeded } from '../../support/seeded.ts';
import { hostileCase } from './hostile-server.ts';

export interface LanesOptions {
  readonly firstSeed: number;
  readonly lanes: number;
  /** Asked before each case. */
  readonly goOn: (index: number) => boolean;
}

export interface Tally {
  readonly cases: number;
  /** How often the first probe ended in which way. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly slowestMs: number;
  /** The lowest index of the failed cases. */
  readonly failed?: { readonly index: number; readonly error: unknown };
}

/**
 * Case n has the seed `firstSeed + n`. Stops at the first failed case; an uncaught exception or rejection is
 * a failure.
 */
export async function runLanes({ firstSeed, lanes, goOn }: LanesOptions): Promise<Tally> {
  let next = 0;
  let slowestMs = 0;
  let failed: Tally['failed'];
  const kinds = new Map<string, number>();
  const fail = (index: number, error: unknown): void => {
    if (failed === undefined || index < failed.index) failed = { index, error };
  };
  const uncaught = (error: unknown): void =>
    fail(
      Math.max(0, next - 1),
      new Error(`nobody caught it: ${error instanceof Error ? error.stack : String(error)}`),
    );
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  const lane = async (): Promise<void> => {
    const server = await startFalseMysqld({ reply: healthyReply() });
    while (failed === undefined && goOn(next)) {
      const index = next;
      next += 1;
      try {
        const { kind, ms } = await hostileCase(server, seeded(firstSeed + index));
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        slowestMs = Math.max(slowestMs, ms);
      } catch (error) {
        fail(index, error);
      }
    }
    await server.close();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  process.off('uncaughtException', uncaught);
  process.off('unhandledRejection', uncaught);
  return { cases: next, kinds, slowestMs, ...(failed && { failed }) };
}
