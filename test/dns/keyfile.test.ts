import { describe, expect, test } from 'vitest';
import { rightsWarnings } from '../../src/dns/key-reading.ts';
import { parseKeyFile } from '../../src/dns/keyfile.ts';

const secret = 'c2VjcmV0IHRoYXQgbm9ib2R5IG1heSBzZWU=';
const key = (name: string, algorithm = 'hmac-sha256') => `key "${name}" {\n\talgorithm ${algorithm};\n\tsecret "${secret}";\n};\n`;
const parse = (text: string, keyName?: string, file = '/etc/k.key') => parseKeyFile(text, file, keyName);

test('what tsig-keygen writes', () => {
  const parsed = parse(key('source-dns-key'));
  if (parsed.kind === 'invalid') throw new Error(parsed.failure.message);
  expect(parsed.key).toMatchObject({ name: 'source-dns-key.', algorithm: 'hmac-sha256' });
  expect(parsed.key.secret.export().toString('base64')).toBe(secret);
  expect(parsed.warnings).toEqual([]);
});

test.each([
  ['on one line, without quotes', `key K.example. {algorithm HMAC-SHA512;secret ${secret};};`, 'k.example.', 'hmac-sha512'],
  ['the other order', `key k { secret "${secret}"; algorithm "hmac-sha1"; };`, 'k.', 'hmac-sha1'],
  [
    'comments of all three kinds',
    `# { one\n// key "x" {\n/* " \n ; */ key /**/ k { algorithm hmac-sha384; # "\n secret "${secret}"; };`,
    'k.',
    'hmac-sha384',
  ],
  ['other statements', `controls { inet 127.0.0.1 allow { any; } keys { "k"; }; };\ninclude "x";\n${key('k')}`, 'k.', 'hmac-sha256'],
  ['MD5 by its long name', key('k', 'hmac-md5.sig-alg.reg.int'), 'k.', 'hmac-md5'],
])('%s', (_, text, name, algorithm) => {
  expect(parse(text)).toMatchObject({ kind: 'key', key: { name, algorithm } });
});

test('MD5 is warned of', () => {
  expect(parse(key('k', 'hmac-md5'))).toMatchObject({ warnings: [{ code: 'tsig-weak-algorithm' }] });
});

test('several keys: by name, in any case', () => {
  const file = `${key('one')}${key('Two')}`;
  expect(parse(file, 'TWO.')).toMatchObject({ kind: 'key', key: { name: 'two.' } });
  expect(parse(file)).toMatchObject({
    failure: { code: 'key-not-found', message: expect.stringContaining('2 keys'), hint: expect.stringContaining('one., two.') },
  });
  expect(parse(file, 'three')).toMatchObject({ failure: { code: 'key-not-found', hint: expect.stringContaining('one., two.') } });
  expect(parse(`${file}${key('two')}`, 'two')).toMatchObject({ failure: { code: 'key-invalid' } });
});

describe('what cannot be read is told with its line, and without the secret', () => {
  test.each([
    ['nothing', '', /no key statement/],
    ['no secret', '\n\nkey "k" { algorithm hmac-sha256; };', /line 3: the key k\. has no secret/],
    ['no algorithm', `key "k" {\n secret "${secret}"; };`, /line 1: .* no algorithm/],
    ['no end', `key "k" { algorithm hmac-sha256; secret "${secret}";`, /line 1: a statement has no end/],
    ['no semicolon', `key "k" {\n algorithm hmac-sha256\n secret "${secret}"; };`, /line 2: a ; is missing/],
    ['a brace too many', `\n};\n${key('k')}`, /line 2: a } too many/],
    ['a quote without end', `key "k" {\n algorithm hmac-sha256;\n secret "${secret}; };`, /line 3: a quoted string has no end/],
    ['a comment without end', `${key('k')}\n/* ${secret}`, /line 6: a comment has no end/],
    ['an unknown algorithm', `\n${key('k', 'hmac-sha256-128')}`, /line 3: the algorithm is not one of hmac-md5, /],
    ['a secret that lost a character', key('k').replace(secret, secret.slice(1)), /line 3: the secret is not base64/],
    ['an empty secret', key('k').replace(secret, ''), /line 3: the secret is not base64/],
    ['secret and name mixed up', `key "${secret}" { algorithm hmac-sha256; secret "k"; };`, /line 1: the key's name is no domain name/],
    ['a clause twice', `key k { secret "${secret}";\n secret "${secret}"; };`, /line 2: secret stands there more than once/],
    ['an unknown clause', `key k { secrte "${secret}"; };`, /line 1: only algorithm and secret/],
    ['the secret as a clause', `key k { "${secret}" algorithm; };`, /line 1: only algorithm and secret/],
  ])('%s', (_, text, message) => {
    const parsed = parse(text);
    expect(parsed).toMatchObject({ kind: 'invalid', failure: { message: expect.stringMatching(message) } });
    expect(JSON.stringify(parsed)).toContain('/etc/k.key');
    expect(JSON.stringify(parsed)).not.toContain(secret.slice(1, 12));
  });
});

const privateFile = (algorithm: string, more = '') =>
  `Private-key-format: v1.3\nAlgorithm: ${algorithm}\nKey: ${secret}\nBits: AAA=\nCreated: 20140503101010\n${more}`;
const half = secret.length / 2;

describe('other forms', () => {
  test.each([
    ['a line as for nsupdate -y', `hmac-sha512:K.Example.:${secret}\n`, 'k.example.', 'hmac-sha512'],
    ['with comments, Windows line ends and a byte order mark', `\ufeff# mine\r\n\r\n; old\r\nHMAC-SHA1:k:${secret}\r\n`, 'k.', 'hmac-sha1'],
    ['a .key file', `k.example. IN KEY 512 3 163 ${secret}\n`, 'k.example.', 'hmac-sha256'],
    [
      'a .key file with a TTL and the base64 in two parts',
      `; c\nk. 3600 IN KEY 512 3 161 ${secret.slice(0, half)} ${secret.slice(half)}`,
      'k.',
      'hmac-sha1',
    ],
    [
      'rndc.conf',
      `options { default-key "r"; default-server 127.0.0.1; };\nserver 127.0.0.1 { key "r"; };\n${key('r')}`,
      'r.',
      'hmac-sha256',
    ],
    ['rndc-confgen', `# Start of rndc.conf\n${key('r')}\n# Use with the following in named.conf\n# key "r" {\n# };\n`, 'r.', 'hmac-sha256'],
    [
      'ddns-confgen',
      `# To activate this key, place the following in named.conf:\n${key('ddns-key')}\n# After the keyfile has been placed:\n# nsupdate -k <keyfile>\n`,
      'ddns-key.',
      'hmac-sha256',
    ],
  ])('%s', (_, text, name, algorithm) => {
    const parsed = parse(text);
    expect(parsed).toMatchObject({ kind: 'key', key: { name, algorithm }, warnings: [] });
    if (parsed.kind === 'key') expect(parsed.key.secret.export().toString('base64')).toBe(secret);
  });

  test('a .private file has its name in the name of the file, or in key_name', () => {
    const name = '/etc/bind/Ksource.Key.+163+04711.private';
    expect(parse(privateFile('163 (HMAC_SHA256)'), undefined, name)).toMatchObject({
      kind: 'key',
      key: { name: 'source.key.', algorithm: 'hmac-sha256' },
    });
    expect(parse(privateFile('165'), 'source.key', name)).toMatchObject({ kind: 'key', key: { algorithm: 'hmac-sha512' } });
    expect(parse(privateFile('165'), 'other', name)).toMatchObject({
      failure: { code: 'key-not-found', hint: expect.stringContaining('source.key.') },
    });
    expect(parse(privateFile('157'), 'my-key')).toMatchObject({
      kind: 'key',
      key: { name: 'my-key.' },
      warnings: [{ code: 'tsig-weak-algorithm' }],
    });
    expect(parse(privateFile('163'))).toMatchObject({ failure: { code: 'key-not-found', hint: expect.stringContaining('key_name') } });
  });

  test('several lines or RRs: by name', () => {
    const lines = `hmac-sha256:one:${secret}\nhmac-sha256:two:${secret}\n`;
    expect(parse(lines, 'two')).toMatchObject({ kind: 'key', key: { name: 'two.' } });
    expect(parse(lines)).toMatchObject({ failure: { code: 'key-not-found', message: expect.stringContaining('2 keys') } });
    const rrs = `one. IN KEY 512 3 163 ${secret}\ntwo. IN KEY 512 3 163 ${secret}\n`;
    expect(parse(rrs, 'ONE.')).toMatchObject({ kind: 'key', key: { name: 'one.' } });
  });

  test.each([
    ['no algorithm', `source-dns-key:${secret}`, /line 1: .* hmac:name:secret, all three/],
    ['one part too many', `hmac-sha256:k:${secret}:x`, /line 1: .* all three/],
    ['the parts mixed up', `hmac-sha256:${secret}:k`, /line 1: the key's name is no domain name/],
    ['name and algorithm mixed up', `\nk:hmac-sha256:${secret}`, /line 2: the algorithm is not one of/],
    ['a space in the secret', `hmac-sha256:k:${secret.slice(0, half)} ${secret.slice(half)}`, /line 1: the secret is not base64/],
    ['a secret alone', secret, /line 1: a statement has no end/],
    ['a public key of DNSSEC', `example. IN DNSKEY 257 3 13 ${secret}`, /line 1: it is a key pair of DNSSEC or SIG\(0\)/],
    ['a public key of SIG(0)', `host.example. IN KEY 512 3 8 ${secret}`, /line 1: it is a key pair of DNSSEC or SIG\(0\)/],
    ['an unknown number', `k. IN KEY 512 3 200 ${secret}`, /line 1: the algorithm is not one of 157, /],
    ['a KEY RR cut off', `k. IN KEY 512 3`, /line 1: this is no KEY RR/],
    [
      'a private key of DNSSEC',
      `Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: ${secret}`,
      /it is a key pair of DNSSEC/,
    ],
    ['a private key of RSA', `Private-key-format: v1.3\nAlgorithm: 8\nModulus: ${secret}`, /it is a key pair of DNSSEC/],
    ['no Key: line', 'Private-key-format: v1.3\nAlgorithm: 163\n', /line 1: a line Key: is missing/],
    ['no Algorithm: line', `Private-key-format: v1.3\nKey: ${secret}\n`, /line 1: a line Algorithm: is missing/],
    ['a Key: twice', privateFile('163', `Key: ${secret}\n`), /line 6: Key: stands there more than once/],
    ['a MAC cut short', privateFile('163').replace('AAA=', 'AIA='), /line 4: it is for MACs that are cut short/],
    ['PEM', `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`, /it is in PEM form/],
  ])('%s', (_, text, message) => {
    const parsed = parse(text, undefined, '/etc/Kk.+163+00001.private');
    expect(parsed).toMatchObject({ kind: 'invalid', failure: { code: 'key-invalid', message: expect.stringMatching(message) } });
    expect(JSON.stringify(parsed)).not.toContain(secret.slice(1, 12));
  });
});

describe('rights', () => {
  const uid = process.geteuid!();
  test.each([
    [0o600, uid, []],
    [0o400, uid, []],
    [0o640, uid, ['key-group-readable']],
    [0o640, uid + 1, []],
    [0o644, uid + 1, ['key-exposed']],
    [0o604, uid, ['key-exposed']],
    [0o620, uid, ['key-exposed']],
    [0o602, uid, ['key-exposed']],
  ])('%o of user %i', (mode, owner, codes) => {
    expect(rightsWarnings('/etc/k.key', { mode: 0o100_000 | mode, uid: owner }).map(({ code }) => code)).toEqual(codes);
  });
});
