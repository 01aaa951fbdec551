/**
 * What an inspection of a refusal found, in words, with the statement that would allow the update: for BIND,
 * or for the server that answers this way. Pure.
 */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn } from '../../core/model/units.ts';
import type { Question, UpdatePlan } from '../../core/model/zone.ts';

export interface KeyAndZone {
  readonly nameserver: string;
  readonly zone: Fqdn;
  /** Undefined: source-dns does not sign. */
  readonly key: Fqdn | undefined;
}

interface SoaWords {
  readonly unread?: Failure;
  readonly elsewhere?: { readonly primary: Fqdn; readonly addresses: readonly string[] };
}

/** RRsets in one sentence. The hint has all of them. */
const shownRrsets = 6;

export function policyRefuses(
  about: KeyAndZone,
  { code }: Failure,
  denied: readonly Question[],
  changed: readonly Question[],
): Failure {
  const { nameserver, zone } = about;
  const rest =
    denied.length === changed.length
      ? 'The update changes nothing else. The zone takes updates.'
      : 'The rest of the update is granted.';
  const message = `The nameserver ${nameserver} refuses to let ${keyWords(about)} change ${rrsetWords(denied)}. ${rest}`;
  const hint =
    code === 'zone-not-served'
      ? `Knot answers this way: one acl of the zone ${zone} must allow the whole update. Its items: ${knotAcl(about, changed).join('; ')}`
      : `Add to the update-policy of the zone ${zone}, above every deny (the first line that matches counts): ${grantLines(about, denied)}`;
  return { code, message, hint: `${hint}${unsigned(about)}` };
}

/** Everything is granted, but the nameserver checks names. */
export function namesAreChecked(
  { nameserver, zone }: KeyAndZone,
  { code }: Failure,
  { name, type }: Question,
  bad: Fqdn,
): Failure {
  const what = bad === name ? 'The name' : `Its target ${bad}`;
  return {
    code,
    message: `The nameserver ${nameserver} refuses to add ${name} ${type}, although the policy allows it. ${what} is not a host name (letters, digits, inner hyphens), and the nameserver checks names.`,
    hint: `Publish another name, or turn the check off in the zone ${zone}: check-names ignore; (BIND's default for a primary zone is fail).`,
  };
}

/** The nameserver takes no update of the zone from this key, not even one that changes nothing. */
export function zoneRefuses(
  about: KeyAndZone,
  { code, message: said }: Failure,
  plan: UpdatePlan,
  { unread, elsewhere }: SoaWords,
): Failure {
  const { nameserver, zone } = about;
  const changed = plan.changes.map((change) => ('rrset' in change ? change.rrset : change));
  const begin = `The nameserver ${nameserver} takes no update of ${zone} from ${keyWords(about)}, not even one that changes nothing`;
  // Only PowerDNS answers REFUSED to a signed update without a signature.
  if (about.key !== undefined && /has no signature/.test(said))
    return {
      code,
      message: `${begin}.`,
      hint: `PowerDNS answers this way: ${powerdnsWords(about.key, zone)}`,
    };
  if (unread !== undefined)
    return {
      code,
      message: `${begin}. It does not answer for the zone either: ${unread.message}`,
      ...(unread.hint === undefined ? {} : { hint: unread.hint }),
    };
  if (elsewhere !== undefined) {
    const where = elsewhere.addresses.join(', ') || 'no address found';
    return {
      code,
      message: `${begin}. The zone's SOA names another primary server: ${elsewhere.primary} (${where}).`,
      hint: `If this nameserver is a secondary server, set the nameserver's address to the primary server. If it is a hidden primary server: ${closedZone(about, changed)}`,
    };
  }
  return {
    code,
    message: `${begin}.`,
    hint: `${closedZone(about, changed)}${about.key === undefined ? '' : ` Or, on PowerDNS: ${powerdnsWords(about.key, zone)}`}`,
  };
}

/** The command that lets the key update the zone, on PowerDNS. */
export const powerdnsCommand = (key: Fqdn, zone: Fqdn): string =>
  `pdnsutil set-meta ${bare(zone)} TSIG-ALLOW-DNSUPDATE ${bare(key)}`;

const powerdnsWords = (key: Fqdn, zone: Fqdn): string =>
  `${powerdnsCommand(key, zone)} (with the same secret, dnsupdate=yes, and this host in allow-dnsupdate-from).`;

const closedZone = (about: KeyAndZone, changed: readonly Question[]): string =>
  `The zone is frozen (rndc thaw ${bare(about.zone)}), or static, or its allow-update does not name the key. Write in place of allow-update: update-policy { ${grantLines(about, changed)} };${unsigned(about)}`;

/** Everything is granted now. */
export const nothingRefused = ({ code, message }: Failure): Failure => ({
  code,
  message: `${message} When source-dns asked again right after, the nameserver refused none of them.`,
  hint: 'Maybe the zone was frozen, or the configuration just changed. If the nameserver refuses the update again, read its log (category update-security in BIND).',
});

const keyWords = ({ key }: KeyAndZone): string =>
  key === undefined ? 'this host (without key_file)' : `the key ${bare(key)}`;

/** BIND does not need line breaks. */
const grantLines = (about: KeyAndZone, rrsets: readonly Question[]): string =>
  grants(about, rrsets).join(' ');

/** Lines of BIND's update-policy, one for each name. */
export function grants(about: Pick<KeyAndZone, 'key'>, rrsets: readonly Question[]): readonly string[] {
  const identity = identityOf(about);
  return [...typesByName(rrsets)].map(
    ([name, types]) => `grant ${identity} name ${bare(name)} ${types.join(' ')};`,
  );
}

/** BIND wants quotes around a name with other characters. */
const identityOf = ({ key }: Pick<KeyAndZone, 'key'>): string => {
  const name = bare(key ?? 'KEY');
  return /^[A-Za-z0-9._-]+$/.test(name) ? name : `"${name}"`;
};

const unsigned = ({ key }: KeyAndZone): string =>
  key === undefined
    ? ' Replace KEY by the identity that signs the updates: update-policy cannot allow unsigned updates.'
    : '';

/** The items of one Knot acl, each a line of the configuration. */
export function knotAcl({ key }: Pick<KeyAndZone, 'key'>, rrsets: readonly Question[]): readonly string[] {
  const names = [...new Set(rrsets.map(({ name }) => name))].join(', ');
  const types = [...new Set(rrsets.map(({ type }) => type))].join(', ');
  return [
    `key: ${bare(key ?? 'KEY')}`,
    'action: update',
    'update-owner: name',
    'update-owner-match: equal',
    `update-owner-name: [${names}]`,
    `update-type: [${types}]`,
  ];
}

function typesByName(rrsets: readonly Question[]): ReadonlyMap<Fqdn, readonly string[]> {
  const found = new Map<Fqdn, string[]>();
  for (const { name, type } of rrsets)
    found.set(name, [...(found.get(name) ?? []).filter((known) => known !== type), type]);
  return found;
}

function rrsetWords(rrsets: readonly Question[]): string {
  const shown = rrsets.slice(0, shownRrsets).map(({ name, type }) => `${name} ${type}`);
  const more = rrsets.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const bare = (name: string): string => name.replace(/\.$/, '');
