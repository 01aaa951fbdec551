/** A primary and a secondary BIND with one zone or several, which count the messages that they get. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../../src/lab/host/free-ports.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';

export interface ManyZones extends BindFixture {
  /** Without the last dot. */
  readonly zones: readonly string[];
  /** What the primary was sent since its start. */
  messages(): Promise<Messages>;
}

export interface Messages {
  readonly updates: number;
  readonly queries: number;
}

const firstZone = 'lab.test';
const zoneText = `$TTL 60
@ IN SOA ns1 hostmaster 1 10 2 604800 1
@ IN NS ns1
@ IN NS ns2
ns1 IN A 127.0.0.1
ns2 IN A 127.0.0.1
`;

/** The key may change every name: a rule for each name would make BIND search them at each update. */
export async function startManyZones(count: number): Promise<ManyZones> {
  const zones = Array.from({ length: count }, (_, index) => (index === 0 ? firstZone : `z${index}.test`));
  const countingPort = await findFreePort(['127.0.0.1']);
  const bind = await startBind({
    zone: firstZone,
    adjust: (role, text) => {
      const first = text.slice(text.indexOf('\nzone "'));
      const repeated = zones.slice(1).map((zone) => first.replaceAll(firstZone, zone));
      const whole = [text, ...repeated].join('\n');
      if (role === 'secondary') return whole;
      const directory = /directory "([^"]+)"/.exec(text)?.[1] ?? '';
      for (const zone of zones.slice(1)) writeFileSync(join(directory, `${zone}.db`), zoneText);
      return `${whole.replaceAll(/update-policy \{[^}]*\}/g, 'update-policy { grant source-dns-key zonesub A TXT; }')}
statistics-channels { inet 127.0.0.1 port ${countingPort} allow { 127.0.0.1; }; };\n`;
    },
  });
  return {
    ...bind,
    zones,
    async messages() {
      const answer = await fetch(`http://127.0.0.1:${countingPort}/json/v1/server`);
      const { opcodes } = (await answer.json()) as { opcodes: Readonly<Record<string, number>> };
      return { updates: opcodes['UPDATE'] ?? 0, queries: opcodes['QUERY'] ?? 0 };
    },
  };
}
