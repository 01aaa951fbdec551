/** The variables other than read_only that refuse writes. */

import type { WriteSwitch } from '../../core/model/observation.ts';
import type { RowReader } from './row.ts';

export interface SwitchRules {
  /** The global default of new sessions: ON refuses their writes with error 1792. */
  readonly readOnlyTransactions: 'transaction_read_only' | 'tx_read_only';
  /** From this value on, innodb_force_recovery refuses writes. */
  readonly forceRecovery: number;
}

/** MySQL refuses DML from 1 on (error 1881), everything from 4 on (manual 17.20.3; run on 9.7). */
export const mysqlSwitches: SwitchRules = { readOnlyTransactions: 'transaction_read_only', forceRecovery: 1 };

/** 5.7.20 has the newer name too, older versions do not. */
export const mysql57Switches: SwitchRules = { ...mysqlSwitches, readOnlyTransactions: 'tx_read_only' };

/** MariaDB refuses writes from 5 on, since 10.5 (MDEV-19514; run on 10.11 and 11.8). */
export const mariadbSwitches: SwitchRules = { readOnlyTransactions: 'tx_read_only', forceRecovery: 5 };

export const switchColumns = (rules: SwitchRules): string =>
  `@@global.innodb_read_only AS innodb_read_only, @@global.innodb_force_recovery AS innodb_force_recovery,
 ${changingSwitches(rules)}`;

/** The same for a server without InnoDB (MariaDB with `--skip-innodb`), which has no such variables. */
export const switchColumnsWithoutInnodb = (rules: SwitchRules): string =>
  `'0' AS innodb_read_only, '0' AS innodb_force_recovery, ${changingSwitches(rules)}`;

/** Only the switch that a running server can change: both of InnoDB are read at its start. */
export const changingSwitches = ({ readOnlyTransactions }: SwitchRules): string =>
  `@@global.${readOnlyTransactions} AS read_only_transactions`;

/** The switches that refuse writes now; undefined: none. A missing or odd cell becomes the `oddColumn`. */
export function readSwitches(reader: RowReader, rules: SwitchRules): readonly WriteSwitch[] | undefined {
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
  return switches.length === 0 ? undefined : switches;
}
