/** Probes a server that misbehaves once, and then the mended server; nothing may be printed. */

import { afterEach, beforeEach, expect } from 'vitest';
import type { Probe, Unasked } from '../../src/core/model/observation.ts';
import { uptimeQuery } from '../../src/mysql/flavour/flavour.ts';
import type { ProberOptions } from '../../src/mysql/probe.ts';
import type { FalseConnection, FalseMysqld, Message, Script } from './false-mysqld.ts';
import { deadline, falseMysqld, proberOf } from './false-server.ts';
import { healthyReply } from './healthy.ts';
import { type RecordedOutput, recordOutput } from './output.ts';
import * as wire from './wire.ts';

const password = 'geheim';
export const healthy: Script = { reply: healthyReply() };

/** For every test of a file. */
export function expectSilence(): void {
  let output: RecordedOutput;
  beforeEach(() => {
    output = recordOutput();
  });

  afterEach(() => {
    output.stop();
    expect(output.said).toEqual([]);
  });
}

/** A probe of the server with this script, and then a probe of the mended server. */
export async function probeOf(
  script: Script,
  options: Partial<ProberOptions> = {},
): Promise<{ probe: Probe | Unasked; server: FalseMysqld }> {
  const server = await falseMysqld(script);
  const prober = proberOf(server.address, options);
  const probe = await prober.probe(server.address, deadline(3000));
  const saidByUs = server.connections.flatMap(({ heard }) => heard).map((bytes) => bytes.toString('latin1'));
  server.play({ ...healthy, tls: script.tls ?? false });
  if (probe.kind !== 'reachable') prober.renew(server.address);
  expect(await prober.probe(server.address, deadline(3000))).toMatchObject({ kind: 'reachable' });
  if (script.tls !== true) expect(saidByUs.filter((text) => text.includes(password))).toEqual([]);
  return { probe, server };
}

export const failureOf = (probe: Probe | Unasked) =>
  probe.kind === 'reachable' ? undefined : { kind: probe.kind, ...probe.failure };

/** Sends these bytes instead of the message at this moment. */
export const at = (
  step: Message['step'],
  bytes: (message: Message) => Buffer,
  script: Script = healthy,
): Script => ({
  ...script,
  tamper: (message, connection) =>
    connection.write(
      message.step === step && message.sql !== uptimeQuery ? bytes(message) : Buffer.concat(message.packets),
    ),
});

/** The answer to the statement of a probe. */
export const answer = (send: (connection: FalseConnection) => void): Script => ({
  ...healthy,
  tamper: (message, connection) =>
    message.sql?.includes('@@server_uuid')
      ? send(connection)
      : connection.write(Buffer.concat(message.packets)),
});
export const answerOf = (...payloads: readonly Buffer[]): Script =>
  answer((connection) =>
    connection.write(Buffer.concat(payloads.map((payload, index) => wire.packet(index + 1, payload)))),
  );
