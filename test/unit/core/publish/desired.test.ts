/** Shows the RRsets that publish a server. */

import { describe, expect, test } from 'vitest';
import { formOf } from '../../../../src/core/decide/form.ts';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import { topologyOf } from '../../../../src/core/observe/topology.ts';
import { managedQuestions, wantedForForm } from '../../../../src/core/publish/desired.ts';
import { at, factsOf, fqdn, publicationSettings, seen, stateOf } from '../../../support/given.ts';

const { source } = publicationSettings();
const cname = { ...source, type: 'cname' as const };

/** db1 with these addresses (undefined: not resolved), and, where given, another configured address. */
function server(addresses: readonly string[] | undefined, configured?: string) {
  const state = stateOf({ servers: { db1: seen(factsOf('db1')) } });
  const view = topologyOf(state, at(1)).servers[0]!;
  return { ...view, addresses, address: (configured as ServerAddress | undefined) ?? view.address };
}

describe('the form of a published server', () => {
  test('has its addresses, sorted', () => {
    expect(formOf(server(['2001:db8::1', '192.0.2.1']), source, false)).toEqual({
      type: 'address',
      ttlSeconds: 5,
      targets: ['192.0.2.1', '2001:db8::1'],
    });
  });
  test('is refused for one unsafe address', () => {
    expect(formOf(server(['192.0.2.1', '127.0.0.1']), source, false)).toEqual({
      unsafe: 'resolves to 127.0.0.1, which is a loopback address',
    });
  });
  test.each([[undefined], [[]]])('is missing without an address: not resolved', (addresses) => {
    expect(formOf(server(addresses), source, false)).toMatchObject({
      unsafe: expect.stringContaining('could not be resolved'),
    });
  });
  test('is refused for more addresses than fit into the ledger', () => {
    const many = Array.from({ length: 30 }, (_, n) => `192.0.2.${100 + n}`);
    expect(formOf(server(many), source, false)).toEqual({
      unsafe: 'has 30 addresses, more than fit into the ledger',
    });
  });
  test('is a CNAME to the host name, which needs no address', () => {
    expect(formOf(server(undefined, 'db1.example:3306'), cname, false)).toEqual({
      type: 'cname',
      ttlSeconds: 5,
      targets: ['db1.example.'],
    });
  });
  test.each(['192.0.2.1:3306', '[2001:db8::1]:3306'])(
    'is never a CNAME to the IP address %s',
    (configured) => {
      expect(formOf(server(['192.0.2.1'], configured), cname, false)).toMatchObject({
        unsafe: expect.stringContaining('IP address'),
      });
    },
  );
});

describe('the RRsets of a form', () => {
  const kinds = (
    settings = publicationSettings(),
    targets = ['192.0.2.1'],
    type: 'address' | 'cname' = 'address',
  ) =>
    wantedForForm(settings, { type, ttlSeconds: 9, targets }, 3307).map((want) => [
      want.type,
      want.rrset?.ttlSeconds,
      want.rrset?.rdata,
    ]);

  test('are an A RRset, and nothing else', () => {
    expect(kinds()).toEqual([
      ['A', 9, ['192.0.2.1']],
      ['AAAA', undefined, undefined],
      ['CNAME', undefined, undefined],
    ]);
  });
  test('are one RRset for each address family', () => {
    expect(kinds(undefined, ['192.0.2.1', '2001:db8::1']).map(([, , rdata]) => rdata)).toEqual([
      ['192.0.2.1'],
      ['2001:db8::1'],
      undefined,
    ]);
  });
  test('are only a CNAME', () => {
    expect(kinds(undefined, ['db1.example.'], 'cname').map(([, , rdata]) => rdata)).toEqual([
      undefined,
      undefined,
      ['db1.example.'],
    ]);
  });
  test('have in the SRV the port and the published name, and no SRV when the name is withdrawn', () => {
    const srv = publicationSettings({ source: { ...source, srv: true } });
    const rdata = [{ priority: 0, weight: 0, port: 3307, target: fqdn('source.example.') }];
    expect(kinds(srv).at(-1)).toEqual(['SRV', 9, rdata]);
    expect(kinds(srv, []).map(([, , all]) => all)).toEqual([undefined, undefined, undefined, undefined]);
  });
  test('are read, together with every other RRset that may be written or would hide them', () => {
    const replicas = {
      name: fqdn('replicas.example.'),
      ttlSeconds: 5,
      maxLagMs: 1,
      whenEmpty: 'keep' as const,
    };
    const all = publicationSettings({ source: { ...source, srv: true }, replicas });
    expect(managedQuestions(all).map(({ name, type }) => `${name} ${type}`)).toEqual([
      '_source-dns.source.example. TXT',
      '_source-dns.source.example. CNAME',
      'source.example. A',
      'source.example. AAAA',
      'source.example. CNAME',
      '_mysql._tcp.source.example. SRV',
      'replicas.example. A',
      'replicas.example. AAAA',
      'replicas.example. CNAME',
    ]);
  });
  test('are read also for a name that the ledger says was published before', () => {
    const texts = managedQuestions(publicationSettings(), fqdn('readers.example.')).map(
      ({ name, type }) => `${name} ${type}`,
    );
    expect(texts.slice(-3)).toEqual([
      'readers.example. A',
      'readers.example. AAAA',
      'readers.example. CNAME',
    ]);
  });
});
