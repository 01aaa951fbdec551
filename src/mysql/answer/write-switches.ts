/** The variables beside read_only that refuse writes, as a probe's row has them. */

import type { WriteSwitch } from '../../core/model/observation.ts';
import type { RowReader } from './row.ts';

/** What a flavour calls them, and does with them. */
export interface SwitchRules {
  /** The global default of new sessions: with it they get error 1792. */
  readonly readOnlyTransactions: 'transaction_read_only' | 'tx_read_only';
  /** From this value of innodb_force_recovery on a write is refused. */
  readonly forceRecovery: number;
}

/** MySQL refuses INSERT, UPDATE and DELETE from 1 on (error 1881), and everything from 4 on (manual 17.20.3; run on 9.7). */
export const mysqlSwitches: SwitchRules = { readOnlyTransactions: 'transaction_read_only', forceRecovery: 1 };

/** 5.7.20 has the newer name of the variable too, older ones do not. */
export const mysql57Switches: SwitchRules = { ...mysqlSwitches, readOnlyTransactions: 'tx_read_only' };

/** MariaDB takes writes up to 4 since 10.5, and refuses them from 5 on (MDEV-19514; run on 10.11 and 11.8). */
export const mariadbSwitches: SwitchRules = { readOnlyTransactions: 'tx_read_only', forceRecovery: 5 };

/** The columns that `readSwitches` reads. */
export const switchColumns = ({ readOnlyTransactions }: SwitchRules): string =>
  `@@global.innodb_read_only AS innodb_read_only, @@global.innodb_force_recovery AS innodb_force_recovery,
 @@global.${readOnlyTransactions} AS read_only_transactions`;

/** The same columns of a server without InnoDB (MariaDB's `--skip-innodb`), which knows none of its variables. */
export const switchColumnsWithoutInnodb = ({ readOnlyTransactions }: SwitchRules): string =>
  `'0' AS innodb_read_only, '0' AS innodb_force_recovery, @@global.${readOnlyTransactions} AS read_only_transactions`;

/** Those that refuse writes as they stand; nothing where none does. A cell that is missing or odd is the reader's odd column. */
export function readSwitches(
  reader: RowReader,
  rules: SwitchRules,
): { readonly switches?: readonly WriteSwitch[] } {
  const forced = reader.number('innodb_force_recovery');
  const switches: readonly WriteSwitch[] = [
    ...(reader.flag('innodb_read_only') ? [{ variable: 'innodb_read_only', value: 'ON' } as const] : []),
    ...(forced >= rules.forceRecovery
      ? [{ variable: 'innodb_force_recovery', value: String(forced) } as const]
      : []),
    ...(reader.flag('read_only_transactions')
      ? [{ variable: rules.readOnlyTransactions, value: 'ON' } as const]
      : []),
  ];
  return switches.length === 0 ? {} : { switches };
}
