/** The data of a server are replaced by a copy of the source: what only it had is gone. */

import { isAtLeast, quote } from '../decide/advice.ts';
import { plural } from '../decide/lack.ts';
import type { Situation } from '../decide/situation.ts';
import { countGtids, formatGtidSet } from '../gtid/gtid.ts';
import type { GtidSet } from '../gtid/gtid-set.ts';
import { splitAddress } from '../model/observation.ts';
import type { Check, Procedure, Step } from '../model/procedure.ts';
import type { ServerAddress } from '../model/units.ts';
import { areByGtids, setText } from './checks.ts';
import { joinedSteps, seenOf, titleOf } from './rejoin-steps.ts';
import { closeStep, followStep, inShell, onServer, statusStep, type Told } from './steps.ts';
import { replicaWarnings } from './warnings.ts';

interface Rebuild {
  readonly source: Told;
  readonly server: Told;
  /** Undefined: not known. */
  readonly errant: GtidSet | undefined;
}

/** By CLONE where both servers have it, else by a physical backup. */
export function rebuildProcedure(situation: Situation, { source, server, errant }: Rebuild): Procedure {
  const count = errant && countGtids(errant);
  const lost =
    count === undefined
      ? `Nobody can tell what ${server.address} has that ${source.address} lacks. Its data are replaced, so this does not matter.`
      : `${server.address} has ${plural(count)} that ${source.address} lacks (${listed(errant)}). Its data are replaced by a copy of ${source.address}: these transactions are gone, unless you save them first.`;
  // A copy has the channels of its original, and these are removed.
  const copy: Told = { ...server, upstreams: [], known: { ...server.known, channels: [] } };
  const steps = canClone(source, server) ? cloneSteps(source, server) : backupSteps(source, server);
  return {
    title: `${titleOf(source, server)}: rebuild it from a copy`,
    why: lost,
    preconditions: seenOf(situation, source, server),
    steps: [
      closeStep(server, `Close ${server.address}: what is written there is lost.`),
      ...(errant === undefined ? [] : saveSteps(server, errant)),
      ...steps,
      ...(areByGtids(source.known, server.known)
        ? joinedSteps(situation, source, copy)
        : placedSteps(situation, source, copy)),
    ],
    warnings: [
      `Take backups of ${server.address} first, if anybody may need its data.`,
      ...(source.known.channels.length === 0
        ? []
        : [
            `${source.address} has channels from other servers. The copy gets them, too: remove them there (RESET REPLICA ALL) before you go on.`,
          ]),
      ...replicaWarnings(situation, server),
    ],
  };
}

const listed = (errant: GtidSet | undefined): string =>
  (errant && setText(errant)) ?? 'a set that is too long to be shown';

/** CLONE came with 8.0.17, and copies only within one series (manual 7.6.7.3). */
const canClone = ({ known: theirs }: Told, { known: own }: Told): boolean =>
  [theirs, own].every(({ flavour, version }) => flavour === 'mysql' && isAtLeast(version, [8, 0, 17])) &&
  theirs.version.major === own.version.major &&
  theirs.version.minor === own.version.minor;

/** They are still in its binary log: the copy has another one. */
export function saveSteps({ address, known }: Told, errant: GtidSet): readonly Step[] {
  const set = setText(errant);
  if (set === undefined) return [];
  const isMariadb = known.flavour === 'mariadb';
  // Before 10.8 the program of MariaDB takes no GTIDs.
  const chosen = isMariadb ? `The file has more than these: look in it for the GTIDs ${set}. ` : '';
  return [
    inShell(
      `Save them if they matter. FIRST_LOG is the first row of SHOW BINARY LOGS on ${address}. ${chosen}If they must not be lost, give the file to a person who knows the application: this person decides which changes are made again on the source.`,
      [
        isMariadb
          ? `mariadb-binlog --read-from-remote-server ${clientOptions(address)} --to-last-log --verbose FIRST_LOG > errant.sql`
          : `mysqlbinlog --read-from-remote-server ${clientOptions(address)} --to-last-log --include-gtids='${formatGtidSet(errant)}' --result-file=errant.sql FIRST_LOG`,
      ],
    ),
  ];
}

function clientOptions(address: ServerAddress): string {
  const { host, port } = splitAddress(address);
  return `--host=${host} --port=${port} --user=USER --password`;
}

const hasClone: Check = {
  statement: "SELECT PLUGIN_STATUS FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'",
  expect: 'ACTIVE',
};

function cloneSteps(source: Told, server: Told): readonly Step[] {
  const { host, port } = splitAddress(source.address);
  const install = "If the answer is empty: INSTALL PLUGIN clone SONAME 'mysql_clone.so'";
  return [
    onServer(source, `${source.address} needs the plugin clone. ${install}`, { verify: [hasClone] }),
    onServer(
      server,
      `${server.address} needs it, too, and must let an administrator write; clients still cannot. ${install}`,
      { statements: ['SET GLOBAL super_read_only = OFF'], verify: [hasClone] },
    ),
    onServer(
      server,
      `Copy. THE DATA OF ${server.address} ARE DELETED. First write super_read_only=ON into its my.cnf: at the end it restarts, and must come back closed. Without a supervisor it ends (error 3707), and you start it. USER needs BACKUP_ADMIN on ${source.address}.`,
      {
        statements: [
          `SET GLOBAL clone_valid_donor_list = ${quote(`${host}:${port}`)}`,
          `CLONE INSTANCE FROM 'USER'@${quote(host)}:${port} IDENTIFIED BY 'PASSWORD'`,
        ],
      },
    ),
    onServer(
      server,
      `When ${server.address} runs again: see that the copy is complete, and close the server.`,
      {
        statements: ['SET GLOBAL super_read_only = ON'],
        verify: [{ statement: 'SELECT STATE FROM performance_schema.clone_status', expect: 'Completed' }],
      },
    ),
  ];
}

/** On MariaDB, on old servers, and between two series. */
function backupSteps(source: Told, server: Told): readonly Step[] {
  const isMariadb = server.known.flavour === 'mariadb';
  const tool = isMariadb ? 'mariadb-backup' : 'xtrabackup';
  const unit = isMariadb ? 'mariadb' : 'mysql';
  const info = isMariadb
    ? 'mariadb_backup_binlog_info (before 11.1: xtrabackup_binlog_info)'
    : 'xtrabackup_binlog_info';
  return [
    inShell(
      `On the machine of ${source.address}: make a copy, and bring /backup to the machine of ${server.address}.`,
      [
        `${tool} --backup ${clientOptions(source.address)} --target-dir=/backup`,
        `${tool} --prepare --target-dir=/backup`,
      ],
    ),
    inShell(
      `On the machine of ${server.address}: replace its data. Keep the old folder until all is well. The server must start read-only: write read_only=ON into its my.cnf first.${isMariadb ? '' : ' The copy must not have auto.cnf: it has the UUID of the original.'}`,
      [
        `systemctl stop ${unit}`,
        'mv /var/lib/mysql /var/lib/mysql.old',
        `${tool} --copy-back --target-dir=/backup`,
        ...(isMariadb ? [] : ['rm -f /var/lib/mysql/auto.cnf']),
        'chown -R mysql: /var/lib/mysql',
        `systemctl start ${unit}`,
      ],
    ),
    ...(areByGtids(source.known, server.known)
      ? [
          onServer(server, `Say where the copy begins. GTIDS is the third value in /backup/${info}.`, {
            statements: isMariadb
              ? ["SET GLOBAL gtid_slave_pos = 'GTIDS'"]
              : [resetting(server), "SET GLOBAL gtid_purged = 'GTIDS'"],
          }),
        ]
      : []),
  ];
}

/** The copy's own set would be incomplete. */
const resetting = ({ known: { version } }: Told): string =>
  isAtLeast(version, [8, 2, 0]) ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER';

/** The tools write down the place of the copy in the binary log of the source. */
function placedSteps(situation: Situation, source: Told, copy: Told): readonly Step[] {
  const isCloned = canClone(source, copy);
  return [
    ...(isCloned
      ? [
          onServer(copy, 'Ask for the place of the copy in the binary log of the source.', {
            statements: ['SELECT BINLOG_FILE, BINLOG_POSITION FROM performance_schema.clone_status'],
            keep: [
              { column: 'BINLOG_FILE', placeholder: 'FILE' },
              { column: 'BINLOG_POSITION', placeholder: 'POSITION' },
            ],
          }),
        ]
      : []),
    followStep(situation, copy, {
      source: source.address,
      say: `Make ${copy.address} a replica of ${source.address}, from the place of the copy.${isCloned ? '' : ' FILE and POSITION are the first values in the file binlog_info of /backup.'}`,
      place: { file: 'FILE', position: 'POSITION' },
    }),
    statusStep(situation, `Look whether ${copy.address} is a replica, and whether its lag gets smaller.`),
  ];
}
