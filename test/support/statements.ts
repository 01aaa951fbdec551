/** The statements that sentences of the core propose: how they are found in a sentence, and the kinds of them. Each kind is run on real servers by test/real/lab/advice.test.ts, or where `elsewhere` says. */

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

/** The statements of a sentence in its order. */
export const statementsIn = (sentence: string): readonly string[] => sentence.match(statement) ?? [];

/** What begins like a statement in a sentence, whatever follows: also what `statementsIn` would not find. */
export const looksLikeSql =
  /\b(?:SET (?:GLOBAL|PERSIST|SESSION|GTID)|(?:STOP|START|RESET|CHANGE|SHOW) [A-Z]{2}|(?:ALTER|CREATE|DROP|GRANT|REVOKE|INSERT|DELETE|UPDATE|FLUSH|PURGE|KILL|CLONE|CALL|DO|SELECT(?! on )) ['\w$`{])/g;

/** The kinds, and the products whose sentences propose them. The key is how the statement is written in the core's source; `before` is MySQL before 8.0.22, which cannot be run here; `elsewhere` is run by the tests of test/lab that are about it (not-replicating, gtid-modes, write-switches, groups). */
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

/** The proposals that belong to a product. */
export const proposalsOf = (product: Product): readonly Proposal[] =>
  (Object.keys(proposals) as Proposal[]).filter((proposal) =>
    (proposals[proposal] as readonly Product[]).includes(product),
  );
