/**
 * Keys in the forms of other programs: read if that is simple and safe, else recognised. No failure shows a
 * secret.
 */
import { describe, expect, test } from 'vitest';
import { parseKeyFile } from '../../../../src/dns/key/keyfile.ts';

const secret = 'c2VjcmV0IHRoYXQgbm9ib2R5IG1heSBzZWU=';
const parse = (text: string, keyName?: string, file = '/etc/k.key') => parseKeyFile(text, file, keyName);

describe('read', () => {
  test.each([
    // The output of keymgr 3.4, pdnsutil 4.9, ddns-confgen and rndc-confgen 9.20.
    [
      'keymgr -t',
      `# hmac-sha256:my.key:${secret}\nkey:\n  - id: my.key\n    algorithm: hmac-sha256\n    secret: ${secret}\n`,
    ],
    [
      'knot.conf',
      `server:\n    listen: 192.0.2.53@53\n\nkey:\n  - id: my.key # ours\n    algorithm: hmac-sha256\n    secret: "${secret}"\n` +
        'acl:\n  - id: publisher\n    key: my.key\n    action: update\nzone:\n  - domain: example.com\n    acl: publisher\n',
    ],
    [
      'NSD',
      `server:\n\tip-address: 192.0.2.53\nkey:\n\tname: "my.key"\n\talgorithm: hmac-sha256\n\tsecret: "${secret}"\nzone:\n\tname: a\n`,
    ],
    ['Unbound', `tsig-key: # c\r\n  secret: '${secret}'\r\n  algorithm: hmac-sha256\r\n  name: my.key\r\n`],
    ['pdnsutil list-tsig-keys', `my.key. hmac-sha256. ${secret}\n`],
    ['pdnsutil generate-tsig-key', `Create new TSIG key my.key hmac-sha256 ${secret}\n`],
    [
      'pdnsutil with a log line',
      `Nov 26 14:00:00 Reading random entropy from '/dev/urandom'\nmy.key. hmac-sha256. ${secret}\n`,
    ],
    ['a script of nsupdate', `server 192.0.2.53\nkey hmac-sha256:my.key ${secret}\nzone example.com\nsend\n`],
    [
      'a line of nsupdate -y with a space in the secret',
      `hmac-sha256:my.key:${secret.slice(0, 8)} ${secret.slice(8)}`,
    ],
    [
      'ddns-confgen',
      '# To activate this key, place the following in named.conf, and\n# in a separate keyfile on the system or systems from which nsupdate\n' +
        `# will be run:\nkey "my.key" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n\n# Then, in the "zone" definition statement\n` +
        'update-policy {\n\t  grant my.key zonesub ANY;\n};\n\n# After the keyfile has been placed:\nnsupdate -k <keyfile>\n',
    ],
    [
      'dhcpd.conf',
      `key MY.KEY {\n  algorithm HMAC-SHA256;\n  secret ${secret};\n};\nzone example.org. {\n  primary 192.0.2.53;\n  key MY.KEY;\n}\n`,
    ],
    ['a .key of ldns-keygen', `my.key.\t3600\tIN\tKEY\t0 3 159 ${secret} ;{id = 4549}\n`],
  ])('%s', (_, text) => {
    const parsed = parse(text);
    expect(parsed).toMatchObject({
      kind: 'key',
      key: { name: 'my.key.', algorithm: 'hmac-sha256' },
      warnings: [],
    });
    if (parsed.kind === 'key') expect(parsed.key.secret.export().toString('base64')).toBe(secret);
    expect(parse(text, 'MY.KEY.')).toMatchObject({ kind: 'key' });
    expect(parse(text, 'my.kex')).toMatchObject({
      failure: { message: expect.stringContaining('did you mean my.key.?') },
    });
  });

  test('key_name selects one of several Knot keys', () => {
    const one = (name: string) => `  - id: ${name}\n    algorithm: hmac-sha512\n    secret: ${secret}\n`;
    expect(parse(`key:\n${one('a')}${one('b')}`, 'b')).toMatchObject({
      kind: 'key',
      key: { name: 'b.', algorithm: 'hmac-sha512' },
    });
    expect(parse(`key:\n${one('a')}${one('b')}`)).toMatchObject({
      failure: { code: 'key-not-found', hint: expect.stringContaining('a., b.') },
    });
    expect(parse(`key:\n  - id: a\n    secret: ${secret}\n`)).toMatchObject({
      failure: {
        code: 'key-invalid',
        message: expect.stringContaining('line 2: the key a. has no algorithm'),
      },
    });
  });

  test("the algorithm's name wins over the number of ldns-keygen", () => {
    const file = (algorithm: string, bits = '') =>
      `Private-key-format: v1.2\nAlgorithm: ${algorithm}\nKey: ${secret}\n${bits}`;
    const algorithmOf = (text: string) => parse(text, 'k');
    expect(algorithmOf(file('159 (HMAC_SHA256)'))).toMatchObject({
      key: { algorithm: 'hmac-sha256', macBytes: 32 },
    });
    expect(algorithmOf(file('164 (HMAC_SHA512)'))).toMatchObject({ key: { algorithm: 'hmac-sha512' } });
    expect(algorithmOf(file('163 (HMAC_SHA256)', 'Bits: AIA=\n'))).toMatchObject({
      key: { algorithm: 'hmac-sha256', macBytes: 16 },
    });
  });
});

const utf16 = (text: string, mark: boolean) =>
  Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le').toString('utf8');
const statement = `key "k" { algorithm hmac-sha256; secret "${secret}"; };`;

describe('recognised', () => {
  test.each([
    ['UTF-16', utf16(statement, true), /UTF-16/, /UTF-8/],
    ['UTF-16 without a mark', utf16(statement, false), /UTF-16/, /UTF-8/],
    ['UTF-16 of big-endian', Buffer.from(statement, 'utf16le').swap16().toString('utf8'), /UTF-16/, /UTF-8/],
    [
      'a keytab',
      Buffer.from('0502000000490002000b4558414d', 'hex').toString('utf8'),
      /keytab of Kerberos/,
      /via: nsupdate/,
    ],
    ['a binary file', `\x7fELF\x02\x01\0\0${secret}`, /binary/, /key_file must be a text/],
    [
      'PEM',
      `# mine\n-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`,
      /PEM file/,
      /Write instead: key "NAME"/,
    ],
    ['Ansible Vault', `$ANSIBLE_VAULT;1.1;AES256\n6265636b\n`, /Ansible Vault/, /decrypt/],
    [
      'Kea',
      `// D2\n{ "DhcpDdns": { "tsig-keys": [ { "name": "k", "algorithm": "HMAC-SHA256", "secret": "${secret}" } ] } }`,
      /configuration of Kea/,
      /NAME is its "name"/,
    ],
    ['JSON', `{"key": "${secret}"}`, /JSON/, /Write instead/],
    ['a page', `<!DOCTYPE html><title>404</title>`, /HTML/, /error page/],
    [
      'certbot',
      `# Target\ndns_rfc2136_server = 192.0.2.1\ndns_rfc2136_name = k.\ndns_rfc2136_secret = ${secret}\ndns_rfc2136_algorithm = HMAC-SHA512\n`,
      /settings of certbot/,
      /NAME is dns_rfc2136_name/,
    ],
    [
      'lego',
      `RFC2136_TSIG_KEY=k\nRFC2136_TSIG_ALGORITHM=hmac-sha256.\nexport RFC2136_TSIG_SECRET=${secret}\n`,
      /settings of lego/,
      /RFC2136_TSIG_FILE/,
    ],
    [
      'external-dns',
      `--rfc2136-tsig-keyname=k\n--rfc2136-tsig-secret=${secret}\n`,
      /settings of external-dns/,
      /tsig-keyname/,
    ],
    [
      'external-dns in the environment',
      `EXTERNAL_DNS_RFC2136_TSIG_SECRET="${secret}"\n`,
      /settings of external-dns/,
      /tsig-secret/,
    ],
    ['acme.sh', `NSUPDATE_SERVER="ns"\nNSUPDATE_KEY="${secret}"\n`, /settings of acme\.sh/, /NSUPDATE_KEY/],
    [
      'cert-manager',
      `rfc2136:\n  tsigKeyName: k\n  tsigSecretSecretRef:\n    name: s\n`,
      /cert-manager/,
      /base64 -d/,
    ],
    [
      'Terraform',
      `provider "dns" {\n update {\n key_name = "k."\n key_algorithm = "hmac-sha256"\n key_secret = "${secret}"\n }\n}\n`,
      /Terraform/,
      /key_secret/,
    ],
    [
      'octoDNS',
      `providers:\n  rfc2136:\n    key_name: k\n    key_secret: ${secret}\n`,
      /octoDNS/,
      /key_secret/,
    ],
    [
      'Kubernetes',
      `apiVersion: v1\nkind: Secret\ndata:\n  x: ${secret}\n`,
      /settings of Kubernetes/,
      /base64/,
    ],
    ['an environment file', `TSIG_SECRET=${secret}\n`, /settings of another program/, /Write instead/],
    ['a path', '/etc/bind/ddns.key\n', /the path of another file/, /Set key_file/],
    ['a secret alone', `${secret}\n`, /a secret alone/, /Name and algorithm are missing/],
  ])('%s', (_, text, message, hint) => {
    for (const name of [undefined, 'k']) {
      const parsed = parse(text, name);
      const looksLike = new RegExp(
        `^source-dns cannot use the key file /etc/k\\.key: it looks like .*${message.source}`,
      );
      expect(parsed).toMatchObject({
        failure: {
          code: 'key-invalid',
          message: expect.stringMatching(looksLike),
          hint: expect.stringMatching(hint),
        },
      });
      expect(JSON.stringify(parsed)).not.toContain(secret.slice(1, 12));
    }
  });

  test.each([
    ['the words of a program that failed', 'Invalid parameter: acme_key\nError (invalid parameter)\n'],
    ['anything', 'garbage'],
    ['comments alone', '# nothing\n// here\n'],
    ['named.conf without a key', 'options { directory "/var/cache/bind"; };\n'],
  ])('%s has no key, and the hint shows the wanted form', (_, text) => {
    expect(parse(text)).toMatchObject({
      failure: {
        code: 'key-not-found',
        message: expect.stringContaining('no key statement'),
        hint: expect.stringContaining('key "NAME" {'),
      },
    });
  });

  test('words of another program in a comment do not hide a key', () => {
    const words =
      '// certbot: dns_rfc2136_name = k\n# NSUPDATE_KEY=x\n/* "tsig": RFC2136_TSIG_KEY=k\nkey_secret: x */\n';
    expect(parse(words + statement)).toMatchObject({ kind: 'key', key: { name: 'k.' } });
    expect(parse(`# RFC2136_TSIG_KEY=k\n; key_secret: x\nhmac-sha256:k:${secret}`)).toMatchObject({
      kind: 'key',
    });
  });

  test('no pattern takes long on 64 KiB', () => {
    const units = [
      'key ',
      'key',
      '\n',
      '# \n',
      'a',
      'key {',
      '{',
      '"',
      '\\',
      '/*',
      'a:',
      'view{',
      'dns_rfc2136_',
      ' ',
      '\0a',
      'a=',
      '-',
      ';',
      'key:\n',
    ];
    for (const unit of units) {
      const began = performance.now();
      parse(unit.repeat(65_536 / unit.length), 'k');
      expect(performance.now() - began, JSON.stringify(unit)).toBeLessThan(1000);
    }
  });
});
