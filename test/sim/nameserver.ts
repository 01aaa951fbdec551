/** One primary nameserver in time: messages take their way, get lost, come late or twice; what is read may be a little old. */

import type { Question, Rrset, UpdateOutcome, ZoneReading } from '../../src/core/zone.ts';
import type { FakeZone } from './fake-zone.ts';
import { createFakeZone } from './fake-zone.ts';
import type { SentUpdate } from './judge.ts';
import { zoneName } from './settings.ts';
import type { World } from './world-types.ts';
import { beginning } from './world-types.ts';

export interface Nameserver {
  readonly zone: FakeZone;
  read(questions: readonly Question[], limitMs: number, done: (reading: ZoneReading) => void): void;
  update(sent: SentUpdate, limitMs: number, done: (outcome: UpdateOutcome) => void): void;
  /** Somebody edits the zone. */
  byHand(edit: (zone: FakeZone) => void): void;
}

const silence = { code: 'timeout', message: 'ns1 does not answer' };

export function createNameserver(world: World): Nameserver {
  const zone = createFakeZone(zoneName);
  let shown = zone.all();
  const show = (): void => {
    const all = zone.all();
    world.timeline.after(world.weather.readLagMs, () => {
      shown = all;
    });
  };

  function arrive(sent: SentUpdate): UpdateOutcome {
    const age = Math.abs(sent.signedAt - (beginning + world.timeline.now));
    if (age > world.script.weather.fudgeMs) {
      const failure = { code: 'badtime', message: `signed ${age} ms ago, or ahead` };
      return { kind: 'refused', code: 'rejected', rcode: 'NOTAUTH', failure };
    }
    world.noteRejoined();
    const before = zone.all();
    const outcome = zone.apply(sent.plan);
    world.log(
      `${world.timeline.now} ns1 ${sent.sender}#${sent.number} ${outcome.kind === 'refused' ? (outcome.rcode ?? outcome.code) : outcome.kind}`,
    );
    if (outcome.kind === 'applied') {
      world.judge.applied(sent, before, zone.all());
      show();
    }
    return outcome;
  }

  return {
    zone,
    read(questions, limitMs, done) {
      const { chance, timeline, weather } = world;
      const there = travel(world, limitMs);
      const back = travel(world, limitMs);
      const lost = chance.chance(weather.lostRequest) || there + back > limitMs;
      timeline.after(Math.min(there, limitMs), () => {
        const reading = answerOf(shown, questions);
        timeline.after(lost ? limitMs - Math.min(there, limitMs) : back, () => done(lost ? { kind: 'failed', failure: silence } : reading));
      });
    },
    update(sent, limitMs, done) {
      const { chance, timeline, weather } = world;
      const there = travel(world, limitMs);
      const back = travel(world, limitMs);
      const lost = chance.chance(weather.lostUpdate);
      const late = chance.chance(weather.late);
      const silent = lost || late || chance.chance(weather.lostAnswer) || there + back > limitMs;
      if (late) timeline.after(chance.between(limitMs, weather.fudgeMs + 1000), () => void arrive(sent));
      else if (!lost) {
        timeline.after(there, () => {
          const outcome = arrive(sent);
          if (!silent) timeline.after(back, () => done(outcome));
        });
        if (chance.chance(weather.twice)) timeline.after(there + chance.between(1, weather.fudgeMs + 1000), () => void arrive(sent));
      }
      if (silent) timeline.after(limitMs, () => done({ kind: 'unknown', failure: silence }));
    },
    byHand(edit) {
      edit(zone);
      show();
    },
  };
}

const answerOf = (rrsets: readonly Rrset[], questions: readonly Question[]): ZoneReading => ({
  kind: 'read',
  zone: zoneName,
  rrsets: questions.flatMap(({ name, type }) => rrsets.find((rrset) => rrset.name === name && rrset.type === type) ?? []),
});

/** One way, in milliseconds. */
export function travel({ chance, weather }: World, limitMs: number): number {
  return chance.chance(weather.slow) ? chance.between(weather.rttMs, Math.ceil(limitMs * 0.7)) : chance.between(0, weather.rttMs);
}
