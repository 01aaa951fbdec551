/** Key files of BIND, one-line keys and key pairs: which key they hold, and the failure of a bad file. */
import { describe, expect, test } from 'vitest';
import { rightsWarnings } from '../../../../src/dns/key/key-reading.ts';
import { parseKeyFile } from '../../../../src/dns/key/keyfile.ts';
import { wholeMac } from '../../../../src/dns/message/tsig.ts';
import { inView, spellings } from '../../../support/key-spellings.ts';

const secret = 'c2VjcmV0IHRoYXQgbm9ib2R5IG1heSBzZWU=';
const key = (name: string, algorithm = 'hmac-sha256') =>
  `key "${name}" {\n\talgorithm ${algorithm};\n\tsecret "${secret}";\n};\n`;
const parse = (text: string, keyName?: string, file = '/etc/k.key') => parseKeyFile(text, file, keyName);

test('the reader takes the output of tsig-keygen', () => {
  const parsed = parse(key('source-dns-key'));
  if (parsed.kind === 'invalid') throw new Error(parsed.failure.message);
  expect(parsed.key).toMatchObject({ name: 'source-dns-key.', algorithm: 'hmac-sha256' });
  expect(parsed.key.secret.export().toString('base64')).toBe(secret);
  expect(parsed.warnings).toEqual([]);
});

test.each([
  [
    'on one line, without quotes',
    `key K.example. {algorithm HMAC-SHA512;secret ${secret};};`,
    'k.example.',
    'hmac-sha512',
  ],
  ['the other order', `key k { secret "${secret}"; algorithm "hmac-sha1"; };`, 'k.', 'hmac-sha1'],
  [
    'comments of all three kinds',
    `# { one\n// key "x" {\n/* " \n ; */ key /**/ k { algorithm hmac-sha384; # "\n secret "${secret}"; };`,
    'k.',
    'hmac-sha384',
  ],
  [
    'other statements',
    `controls { inet 127.0.0.1 allow { any; } keys { "k"; }; };\ninclude "x";\n${key('k')}`,
    'k.',
    'hmac-sha256',
  ],
  ['a byte order mark', `\ufeff${key('k')}`, 'k.', 'hmac-sha256'],
  ['MD5 by its long name', key('k', 'hmac-md5.sig-alg.reg.int'), 'k.', 'hmac-md5'],
])('%s', (_, text, name, algorithm) => {
  expect(parse(text)).toMatchObject({ kind: 'key', key: { name, algorithm } });
});

test('hmac-md5 gives a warning', () => {
  expect(parse(key('k', 'hmac-md5'))).toMatchObject({ warnings: [{ code: 'tsig-weak-algorithm' }] });
});

test('key_name selects one of several keys, in any case', () => {
  const file = `${key('one')}${key('Two')}`;
  expect(parse(file, 'TWO.')).toMatchObject({ kind: 'key', key: { name: 'two.' } });
  expect(parse(file)).toMatchObject({
    failure: {
      code: 'key-not-found',
      message: expect.stringContaining('2 keys'),
      hint: expect.stringContaining('one., two.'),
    },
  });
  expect(parse(file, 'three')).toMatchObject({
    failure: { code: 'key-not-found', hint: expect.stringContaining('one., two.') },
  });
});

test('faults of the other keys do not matter', () => {
  const unusable = [
    key('other', 'hmac-sha3'),
    key('other', 'hmac-sha256-8'),
    key('other').replace(secret, 'no base64'),
    key('other').replace(secret, ''),
    key('a..b'),
    'key other { algorithm hmac-sha256; };',
    `key other { secrte "${secret}"; };`,
    `key other { algorithm hmac-sha256 secret "${secret}"; };`,
  ];
  for (const other of unusable) {
    for (const file of [
      `${other}\n${key('one')}`,
      `${key('one')}${other}`,
      `view v { ${other} };\n${key('one')}`,
    ])
      expect(parse(file, 'one')).toMatchObject({ kind: 'key', key: { name: 'one.' } });
    expect(parse(`${other}\n${key('one')}`)).toMatchObject({
      failure: { code: 'key-not-found', hint: expect.stringContaining('one.') },
    });
  }
  for (const other of ['hmac-sha3:other:QQ==', 'hmac-sha256:other:no', `hmac-sha256:a..b:${secret}`])
    expect(parse(`${other}\nhmac-sha256:one:${secret}`, 'one')).toMatchObject({ kind: 'key' });
  const section = (name: string, base64: string) =>
    `  - id: ${name}\n    algorithm: hmac-sha256\n    secret: ${base64}\n`;
  expect(parse(`key:\n${section('other', 'no')}${section('one', secret)}`, 'one')).toMatchObject({
    kind: 'key',
  });
});

test('the same key twice is one key; two different keys of one name are refused', () => {
  const twice = `${key('one')}key ONE. { secret "${secret.slice(0, 4)} ${secret.slice(4)}"; algorithm HMAC-SHA256; };`;
  expect(parse(twice)).toMatchObject({ kind: 'key', key: { name: 'one.' } });
  expect(parse(twice, 'One')).toMatchObject({ kind: 'key' });
  for (const other of [
    key('ONE').replace(secret, 'QUJD'),
    key('one.', 'hmac-sha512'),
    key('one', 'hmac-sha256-128'),
  ])
    for (const name of [undefined, 'one'])
      expect(parse(key('one') + other, name)).toMatchObject({
        failure: {
          code: 'key-invalid',
          message: expect.stringMatching(/the key one\. more than once, .*\(lines 1, 5\)/),
        },
      });
});

test('an unknown key_name lists the keys and suggests one', () => {
  const file = ['source-dns-key', 'other', 'a..b', 'x@y'].map((name) => key(name)).join('');
  expect(parse(file, 'sorce-dns-key')).toMatchObject({
    failure: {
      message: expect.stringContaining('no key sorce-dns-key.; did you mean source-dns-key.?'),
      hint: 'Set key_name to one of: source-dns-key., other., the key in line 9, x\\064y.',
    },
  });
  expect(parse(file, 'X@Y')).toMatchObject({ kind: 'key', key: { name: 'x\\064y.' } });
  expect(parse(file, 'zzz')).toMatchObject({
    failure: { message: expect.not.stringContaining('did you mean') },
  });
  expect(parse(file, 'a..b')).toMatchObject({
    failure: { code: 'key-not-found', message: expect.stringContaining('key_name is not a domain') },
  });
  const many = Array.from({ length: 600 }, (_, index) => key(`key-${index}`)).join('');
  expect(parse(many, 'none')).toMatchObject({
    failure: { hint: expect.stringMatching(/key-7\. and 592 more$/) },
  });
});

test('a secret in place of a name is not shown', () => {
  const mixed = key(secret) + key('one');
  const texts = [
    mixed,
    `key "${secret}" { algorithm hmac-sha256; };`,
    `hmac-sha256:${secret}:k\nhmac-sha256:one:${secret}`,
  ];
  for (const text of texts)
    for (const name of [undefined, 'none', secret, 'on'])
      expect
        .soft(JSON.stringify(parse(text, name)).toLowerCase())
        .not.toContain(secret.slice(1, 12).toLowerCase());
});

test('a short secret gives a warning', () => {
  expect(parse(key('k').replace(secret, 'c2VjcmV0'))).toMatchObject({
    warnings: [{ code: 'tsig-short-secret', message: expect.stringContaining('48 bits') }],
  });
});

test.each([...spellings, inView('zone "a" { type primary; };')])(
  'the reader accepts what named accepts: $what',
  (spelling) => {
    const parsed = parse(spelling.text);
    if (parsed.kind === 'invalid') throw new Error(parsed.failure.message);
    const { name, algorithm, macBytes, secret: bytes } = parsed.key;
    const whole = wholeMac(spelling.algorithm) * 8;
    expect([name, algorithm, macBytes * 8]).toEqual([
      spelling.name,
      spelling.algorithm,
      spelling.macBits ?? whole,
    ]);
    expect(bytes.export().toString('base64')).toBe(spelling.secret);
    expect(parse(spelling.text, spelling.quotedName.replaceAll('\\"', '"'))).toMatchObject({ kind: 'key' });
  },
);

describe('a failure names the line, and not the secret', () => {
  test.each([
    ['nothing', '', /no key statement/],
    ['no secret', '\n\nkey "k" { algorithm hmac-sha256; };', /line 3: the key k\. has no secret/],
    ['no algorithm', `key "k" {\n secret "${secret}"; };`, /line 1: .* no algorithm/],
    ['no end', `key "k" { algorithm hmac-sha256; secret "${secret}";`, /line 1: a statement has no end/],
    ['no semicolon', `key "k" {\n algorithm hmac-sha256\n secret "${secret}"; };`, /line 2: a ; is missing/],
    ['a brace too many', `\n};\n${key('k')}`, /line 2: there is one } too many/],
    [
      'a quote without end',
      `key "k" {\n algorithm hmac-sha256;\n secret "${secret}; };`,
      /line 3: a quoted string has no end/,
    ],
    ['a comment without end', `${key('k')}\n/* ${secret}`, /line 6: a comment has no end/],
    ['an unknown algorithm', `\n${key('k', 'hmac-sha3')}`, /line 3: the algorithm is not one of hmac-md5, /],
    [
      'an algorithm by half its name',
      key('k', 'SHA_256'),
      /line 2: the algorithm .*; did you mean hmac-sha256\?/,
    ],
    [
      'a MAC of too few bits',
      key('k', 'hmac-sha256-120'),
      /line 2: a truncated MAC of hmac-sha256 must have 128 to 256 bits, a mul/,
    ],
    ['a MAC of half a byte', key('k', 'hmac-sha256-132'), /line 2: a truncated MAC of hmac-sha256 must/],
    [
      'a MAC of too many bits',
      key('k', 'hmac-sha1-168'),
      /line 2: a truncated MAC of hmac-sha1 must have 80 to 160 bits/,
    ],
    ['GSS-TSIG', key('k', 'gss-tsig'), /line 2: GSS-TSIG has no key file/],
    [
      'a secret that lost a character',
      key('k').replace(secret, secret.slice(1)),
      /line 3: the secret is not base64/,
    ],
    [
      'a secret without its padding',
      key('k').replace('U=', 'U'),
      /line 3: the secret is not base64: it has a character too few/,
    ],
    [
      'a secret of base64url',
      key('k').replace(secret, `--${secret.slice(2)}`),
      /line 3: the secret is not base64: it has - or _/,
    ],
    [
      'a secret that is not shown',
      key('k').replace(secret, '????????'),
      /line 3: .* as named-checkconf -px prints it/,
    ],
    ['a template', key('k').replace(secret, '{{ tsig_secret }}'), /line 3: .* placeholder/],
    ['another placeholder', key('k').replace(secret, '<your secret>'), /line 3: .* placeholder/],
    ['an empty secret', key('k').replace(secret, ''), /line 3: the secret is empty/],
    ['a secret of spaces', key('k').replace(secret, ' \n '), /line 3: the secret is empty/],
    [
      'secret and name mixed up',
      `key "${secret}" { algorithm hmac-sha256; secret "k"; };`,
      /line 1: name and secret look mixed up/,
    ],
    [
      'a no-break space',
      `key a {\u00a0algorithm hmac-sha1; secret "${secret}"; };`,
      /line 1: there is a space that is not ASCII/,
    ],
    [
      'a ; too many',
      `key a { algorithm hmac-sha1;; secret "${secret}"; };`,
      /line 1: there is one ; too many/,
    ],
    [
      'a block in a key',
      `key a { algorithm hmac-sha1; secret { "${secret}"; }; };`,
      /line 1: a ; is missing/,
    ],
    [
      'a = as in other files',
      key('k').replace('algorithm', 'algorithm ='),
      /line 2: a word and its value must have no =/,
    ],
    ['a name that is not UTF-8', key('a\ufffd'), /line 1: the key's name is not a domain name/],
    ['an invalid name', key('a..b'), /line 1: the key's name is not a domain name/],
    [
      'an include',
      'include "/etc/bind/keys/ddns.key";\n',
      /no key statement itself, but includes \/etc\/bind\/keys\/ddns\.key/,
    ],
    ['an include in a view', 'view v { include "keys.conf"; };', /but includes keys\.conf/],
    [
      'a clause twice',
      `key k { secret "${secret}";\n secret "${secret}"; };`,
      /line 2: secret is there more than once/,
    ],
    [
      'an unknown clause',
      `key k { secrte "${secret}"; };`,
      /line 1: a key statement has only algorithm and secret/,
    ],
    [
      'the secret as a clause',
      `key k { "${secret}" algorithm; };`,
      /line 1: a key statement has only algorithm and secret/,
    ],
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
    [
      'with comments, Windows line ends and a byte order mark',
      `\ufeff# mine\r\n\r\n; old\r\nHMAC-SHA1:k:${secret}\r\n`,
      'k.',
      'hmac-sha1',
    ],
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
    [
      'rndc-confgen',
      `# Start of rndc.conf\n${key('r')}\n# Use with the following in named.conf\n# key "r" {\n# };\n`,
      'r.',
      'hmac-sha256',
    ],
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

  test('the file name or key_name gives the name of a .private key', () => {
    const name = '/etc/bind/Ksource.Key.+163+04711.private';
    expect(parse(privateFile('163 (HMAC_SHA256)'), undefined, name)).toMatchObject({
      kind: 'key',
      key: { name: 'source.key.', algorithm: 'hmac-sha256' },
    });
    expect(parse(privateFile('165'), 'source.key', name)).toMatchObject({
      kind: 'key',
      key: { algorithm: 'hmac-sha512' },
    });
    expect(parse(privateFile('165'), 'other', name)).toMatchObject({
      failure: { code: 'key-not-found', hint: expect.stringContaining('source.key.') },
    });
    expect(parse(privateFile('157'), 'my-key')).toMatchObject({
      kind: 'key',
      key: { name: 'my-key.' },
      warnings: [{ code: 'tsig-weak-algorithm' }],
    });
    expect(parse(privateFile('163'))).toMatchObject({
      failure: { code: 'key-not-found', hint: expect.stringContaining('key_name') },
    });
  });

  test('key_name selects one of several lines or RRs', () => {
    const lines = `hmac-sha256:one:${secret}\nhmac-sha256:two:${secret}\n`;
    expect(parse(lines, 'two')).toMatchObject({ kind: 'key', key: { name: 'two.' } });
    expect(parse(lines)).toMatchObject({
      failure: { code: 'key-not-found', message: expect.stringContaining('2 keys') },
    });
    const rrs = `one. IN KEY 512 3 163 ${secret}\ntwo. IN KEY 512 3 163 ${secret}\n`;
    expect(parse(rrs, 'ONE.')).toMatchObject({ kind: 'key', key: { name: 'one.' } });
  });

  test.each([
    ['no algorithm', `source-dns-key:${secret}`, /line 1: .* all three parts: hmac:name:secret/],
    ['one part too many', `hmac-sha256:k:${secret}:x`, /line 1: .* all three/],
    ['the parts mixed up', `hmac-sha256:${secret}:k`, /line 1: name and secret look mixed up/],
    ['name and algorithm mixed up', `\nk:hmac-sha256:${secret}`, /line 2: the algorithm is not one of/],
    [
      'a public key of DNSSEC',
      `example. IN DNSKEY 257 3 13 ${secret}`,
      /line 1: this is a key pair of DNSSEC or SIG\(0\)/,
    ],
    [
      'a public key of SIG(0)',
      `host.example. IN KEY 512 3 8 ${secret}`,
      /line 1: this is a key pair of DNSSEC or SIG\(0\)/,
    ],
    ['an unknown number', `k. IN KEY 512 3 200 ${secret}`, /line 1: the algorithm is not one of 157, /],
    ['a KEY RR cut off', `k. IN KEY 512 3`, /line 1: this is not a KEY RR/],
    [
      'a private key of DNSSEC',
      `Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: ${secret}`,
      /this is a key pair of DNSSEC/,
    ],
    [
      'a private key of RSA',
      `Private-key-format: v1.3\nAlgorithm: 8\nModulus: ${secret}`,
      /this is a key pair of DNSSEC/,
    ],
    ['no Key: line', 'Private-key-format: v1.3\nAlgorithm: 163\n', /line 1: a line Key: is missing/],
    [
      'no Algorithm: line',
      `Private-key-format: v1.3\nKey: ${secret}\n`,
      /line 1: a line Algorithm: is missing/,
    ],
    ['a Key: twice', privateFile('163', `Key: ${secret}\n`), /line 6: Key: is there more than once/],
    [
      'a MAC cut too short',
      privateFile('163').replace('AAA=', 'AHg='),
      /line 4: a truncated MAC of hmac-sha256 must have 128/,
    ],
    ['malformed Bits:', privateFile('163').replace('AAA=', 'A'), /line 4: Bits: must be two bytes/],
  ])('%s', (_, text, message) => {
    const parsed = parse(text, undefined, '/etc/Kk.+163+00001.private');
    expect(parsed).toMatchObject({
      kind: 'invalid',
      failure: { code: 'key-invalid', message: expect.stringMatching(message) },
    });
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
    expect(
      rightsWarnings('/etc/k.key', { mode: 0o100_000 | mode, uid: owner }).map(({ code }) => code),
    ).toEqual(codes);
  });
});
