/** The documents that commands print with `--json`: each reading of a command line needs their names only. */

/** By the command that prints it; `problem` is what every command prints if it cannot do its work. */
export const documentNames = [
  'status',
  'status-check',
  'explain',
  'advise',
  'check',
  'history',
  'follow',
  'freeze',
  'thaw',
  'forget',
  'init',
  'run',
  'lab',
  'lab-list',
  'problem',
] as const;

export type DocumentName = (typeof documentNames)[number];
