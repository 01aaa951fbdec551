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
