/**
 * The statements that sentences of the core propose: how to find them in a sentence, and their kinds.
 * test/real/lab/advice.test.ts runs each kind on real servers; `elsewhere` names another test.
 */

const text = String.raw`'(?:[^'\\]|''|\\.)*'`;
const shapes = [
  String.raw`SET GLOBAL \w+ = (?:ON|OFF)`,
  `(?:STOP REPLICA|START REPLICA|STOP SLAVE|START SLAVE)(?: ${text})?(?: SQL_THREAD)?(?: FOR CHANNEL ${text})?`,
  `(?:RESET REPLICA|RESET SLAVE)(?: ${text})? ALL(?: FOR CHANNEL ${text})?`,
  String.raw`SELECT \w+\((?:${text}|\d+|, )*\)`,
  String.raw`(?:CHANGE REPLICATION SOURCE|CHANGE MASTER)(?: ${text})? TO (?:\w+ = (?:${text}|\w+)(?:, )?)+(?: FOR CHANNEL ${text})?`,
  '(?:START|STOP) GROUP_REPLICATION',
  String.raw`GRANT REPLICATION CLIENT ON \*\.\* TO our account`,
  String.raw`SET GLOBAL gtid_mode = \w+`,
];
const statement = new RegExp(shapes.join('|'), 'g');

/** The statements of a sentence, in order. */
export const statementsIn = (sentence: string): readonly string[] => sentence.match(statement) ?? [];

/** Text in a sentence that begins like a statement, also where `statementsIn` finds none. */
export const looksLikeSql =
  /\b(?:SET (?:GLOBAL|PERSIST|SESSION|GTID)|(?:STOP|START|RESET|CHANGE|SHOW) [A-Z]{2}|(?:ALTER|CREATE|DROP|GRANT|REVOKE|INSERT|DELETE|UPDATE|FLUSH|PURGE|KILL|CLONE|CALL|DO|SELECT(?! on )) ['\w$`{])/g;

/**
 * The kinds, and the products whose sentences propose them. The key is the statement as the source of the
 * core has it. `before`: MySQL before 8.0.22, which cannot be run here. `elsewhere`: the tests in
 * test/real/lab that run it (not-replicating, gtid-modes, write-switches, groups).
 */
export const proposals = {
  'SET GLOBAL super_read_only = ON': ['mysql'],
  'SET GLOBAL read_only = ON': ['mariadb'],
  'SET GLOBAL read_only = OFF': ['mysql', 'mariadb'],
  'SET GLOBAL offline_mode = OFF': ['mysql'],
  'STOP REPLICA': ['mysql', 'mariadb'],
  'START REPLICA': ['mysql', 'mariadb'],
  'RESET REPLICA': ['mysql', 'mariadb'],
  'STOP SLAVE': ['before'],
  'START SLAVE': ['before'],
  'RESET SLAVE': ['before'],
  'SELECT asynchronous_connection_failover_delete_source': ['mysql'],
  'SELECT group_replication_set_as_primary': ['mysql'],
  'CHANGE REPLICATION SOURCE': ['elsewhere'],
  'CHANGE MASTER': ['elsewhere'],
  'START GROUP_REPLICATION': ['elsewhere'],
  'STOP GROUP_REPLICATION': ['elsewhere'],
  'GRANT REPLICATION CLIENT': ['elsewhere'],
  'SET GLOBAL gtid_mode': ['elsewhere'],
  'SET GLOBAL ${variable} = OFF': ['elsewhere'],
} as const satisfies Readonly<Record<string, readonly ('mysql' | 'mariadb' | 'before' | 'elsewhere')[]>>;

export type Proposal = keyof typeof proposals;
export type Product = (typeof proposals)[Proposal][number];

/** The proposals for a product. */
export const proposalsOf = (product: Product): readonly Proposal[] =>
  (Object.keys(proposals) as Proposal[]).filter((proposal) =>
    (proposals[proposal] as readonly Product[]).includes(product),
  );

/**
 * The statements of procedures (src/core/advise), as the source has them. Their values: where they run, and
 * how they begin there. `mysql`: procedures.test.ts. `mariadb` and `group`: advice.test.ts. `read`: only old
 * servers, copies made by other programs, and words in sentences: nothing runs them here.
 */
export const procedureStatements: readonly (readonly [
  source: string,
  where: 'mysql' | 'mariadb' | 'group' | 'read',
  runs?: string,
])[] = [
  ['SELECT @@GLOBAL.super_read_only', 'mysql'],
  ['SELECT @@GLOBAL.read_only', 'mysql'],
  ['SELECT c.SERVICE_STATE', 'mysql'],
  ['SELECT SERVICE_STATE', 'mysql'],
  ['SELECT COUNT(*)', 'mysql'],
  ['SELECT DESIRED_DELAY', 'mysql'],
  ["SHOW REPLICA' : '", 'mariadb', 'SHOW REPLICA STATUS'],
  ["SHOW SLAVE';", 'read'],
  ["SHOW REPLICA STATUS' : '", 'mysql', 'SHOW REPLICA STATUS'],
  ["SHOW SLAVE STATUS';", 'read'],
  ['SELECT @@GLOBAL.log_bin', 'mysql'],
  ['SELECT CONCAT(', 'mariadb'],
  ['SELECT $', 'mysql', 'SELECT REPLACE(@@GLOBAL.gtid_executed'],
  ["SHOW BINLOG STATUS' : '", 'read'],
  ["SHOW BINARY LOG STATUS' : '", 'mysql', 'SHOW BINARY LOG STATUS'],
  ['SHOW MASTER STATUS', 'read'],
  ['SELECT MASTER_GTID_WAIT(', 'mariadb'],
  ['SELECT WAIT_FOR_EXECUTED_GTID_SET(', 'mysql'],
  ['SELECT $', 'mysql', 'SELECT SOURCE_POS_WAIT('],
  ['SELECT MEMBER_STATE', 'group'],
  ['SET GLOBAL group_replication_bootstrap_group', 'group'],
  ['SELECT @@GLOBAL.group_replication_bootstrap_group', 'group'],
  ['SELECT MEMBER_ROLE', 'group'],
  ['SET GTID_NEXT', 'mysql'],
  ['SHOW BINARY LOGS on', 'read'],
  ['SELECT PLUGIN_STATUS', 'mysql'],
  ['SET GLOBAL super_read_only = O', 'mysql'],
  ['SET GLOBAL clone_valid_donor_list', 'mysql'],
  ['CLONE INSTANCE', 'mysql'],
  ['SELECT STATE', 'mysql'],
  ['SET GLOBAL gtid_slave_pos', 'read'],
  ['SET GLOBAL gtid_purged', 'read'],
  ['RESET BINARY LOGS AND GTIDS', 'read'],
  ['RESET MASTER', 'read'],
  ['SELECT BINLOG_FILE', 'read'],
  ['SELECT GTID_SUBSET(', 'mysql'],
  ['SELECT @@GLOBAL.gtid_current_pos', 'mariadb'],
  ["SHOW GLOBAL STATUS LIKE 'wsrep_local_state_comment'", 'read'],
  ['SHOW EVENTS', 'read'],
  ['ALTER EVENT ... ENABLE', 'read'],
];

/** The statements of procedures for which a test of that kind has run nothing. */
export const notRun = (where: 'mysql' | 'mariadb' | 'group', ran: ReadonlySet<string>): readonly string[] =>
  procedureStatements
    .filter(([, place]) => place === where)
    .map(([source, , runs = source]) => runs)
    .filter((runs) => ![...ran].some((statement) => statement.startsWith(runs)));
