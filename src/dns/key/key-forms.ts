/** What a file without a readable key looks like. No sentence quotes the file: it may hold a secret. Pure. */
import { KeyFault, wantedForm } from './key-parts.ts';

interface Form {
  readonly pattern: RegExp;
  /** The end of "it looks like". */
  readonly what: string;
  readonly hint: string;
}

const writeInstead = `Write instead: ${wantedForm}`;

/** Settings of programs that keep the parts of a key in separate fields. */
const settings = (pattern: RegExp, program: string, fields: string): Form => ({
  pattern,
  what: `settings of ${program}`,
  hint: `${writeInstead} ${fields}`,
});

/** No readable key looks like these. */
const certainForms: readonly Form[] = [
  {
    pattern: /^\ufffd\ufffd|^(?:[^\0]\0){4}|^(?:\0[^\0]){4}/,
    what: 'text in UTF-16, as some Windows editors save it',
    hint: 'Save it as UTF-8 or plain ASCII.',
  },
  {
    pattern: /^\p{Cc}{2}\0/u,
    what: 'a keytab of Kerberos',
    hint: 'For GSS-TSIG set via: nsupdate and nsupdate_args: ["-g"], and remove key_file.',
  },
  { pattern: /\0/, what: 'a binary file', hint: `key_file must be a text. ${writeInstead}` },
  {
    pattern: /^\s*(?:#[^\n]*\n\s*)*-----BEGIN/,
    what: 'a PEM file, as of keys of TLS, SSH and OpenPGP',
    hint: `${writeInstead} Take the key from the nameserver's configuration that signs the updates.`,
  },
  {
    pattern: /^\s*\$ANSIBLE_VAULT/,
    what: 'a file encrypted by Ansible Vault',
    hint: 'Decrypt it with: ansible-vault decrypt.',
  },
  {
    pattern: /"tsig-keys"\s*:/,
    what: 'the configuration of Kea',
    hint: `${writeInstead} NAME is its "name", BASE64 its "secret"; the algorithm in small letters.`,
  },
  { pattern: /^\s*[{[]/, what: 'JSON', hint: writeInstead },
  {
    pattern: /^\s*<[!?a-z]/i,
    what: 'a page of HTML or XML',
    hint: `Maybe an error page was saved in place of the key. ${writeInstead}`,
  },
];

/** These may also appear in a comment or a string of a file that has a key. */
const likelyForms: readonly Form[] = [
  settings(
    /^(?:certbot_)?dns_rfc2136_\w{1,40}[ \t]*=/m,
    'certbot',
    'NAME is dns_rfc2136_name, BASE64 is dns_rfc2136_secret, the algorithm dns_rfc2136_algorithm in small letters.',
  ),
  settings(
    /\bEXTERNAL_DNS_RFC2136|rfc2136-tsig/,
    'external-dns',
    'NAME is its tsig-keyname, BASE64 its tsig-secret, the algorithm its tsig-secret-alg.',
  ),
  settings(
    /\bRFC2136_\w{1,40}[ \t]*=/,
    'lego',
    'NAME is RFC2136_TSIG_KEY, BASE64 is RFC2136_TSIG_SECRET, the algorithm RFC2136_TSIG_ALGORITHM; or set key_file to its RFC2136_TSIG_FILE.',
  ),
  settings(
    /\bNSUPDATE_(?:KEY|SERVER)\w{0,40}[ \t]*=/,
    'acme.sh',
    'Or set key_file to the file that NSUPDATE_KEY names.',
  ),
  settings(
    /tsigSecretSecretRef|tsigKeyName/i,
    'cert-manager or gardener',
    'NAME is its key name, BASE64 its secret. If the secret came out of a Kubernetes Secret, decode it once with base64 -d.',
  ),
  settings(
    /\bkey_secret[ \t]*[:=]|\bDNS_UPDATE_KEY/,
    'Terraform or octoDNS',
    'NAME is its key_name, BASE64 its key_secret, the algorithm its key_algorithm.',
  ),
  settings(
    /^kind:\s*"?Secret\b/m,
    'Kubernetes',
    'The values of data: are base64 of the text that source-dns needs.',
  ),
  {
    pattern: /^\s*\/[\w./+-]+\s*$/,
    what: 'the path of another file',
    hint: 'Set key_file to that path itself.',
  },
  {
    pattern: /^\s*[A-Za-z0-9+/_-]{12,}={0,2}\s*$/,
    what: 'a secret alone',
    hint: `Name and algorithm are missing. ${writeInstead}`,
  },
  settings(
    /^(?:export |set )?\w{0,40}(?:key|secret|tsig)\w{0,40}[ \t]*[:=]/im,
    'another program',
    "NAME, algorithm and BASE64 are those of the key in the nameserver's configuration.",
  ),
];

/** The fault of a text that certainly has no readable key, or undefined. */
export const certainlyOther = (text: string): KeyFault | undefined => faultOf(certainForms, text);

/** The fault of a text in which no key was found. */
export const withoutKey = (text: string): KeyFault | undefined => faultOf(likelyForms, text);

function faultOf(forms: readonly Form[], text: string): KeyFault | undefined {
  const form = forms.find(({ pattern }) => pattern.test(text));
  return form && new KeyFault('key-invalid', `it looks like ${form.what}`, form.hint);
}
