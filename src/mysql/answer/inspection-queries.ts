/** The questions of an inspection that every account may ask. All are constants. */

const variableNames: readonly string[] = [
  'datadir',
  'default_password_lifetime',
  'gtid_mode',
  'hostname',
  'log_bin',
  'log_replica_updates',
  'log_slave_updates',
  'max_connections',
  'performance_schema',
  'port',
  'read_only',
  'report_host',
  'report_port',
  'server_id',
  'server_uuid',
  'skip_name_resolve',
  'super_read_only',
];
const statusNames: readonly string[] = ['Connection_errors_max_connections', 'Threads_connected', 'Uptime'];
const sessionNames: readonly string[] = ['Ssl_cipher', 'Ssl_server_not_after'];
const keptNames: readonly string[] = ['read_only', 'super_read_only'];

const listed = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');
const shown = (what: string, names: readonly string[]): string =>
  `SHOW ${what} WHERE Variable_name IN (${listed(names)})`;

export const currentUserQuery = 'SELECT CURRENT_USER() AS account, UNIX_TIMESTAMP(NOW(3)) AS clock';
export const originQueries = {
  mysql: `SELECT VARIABLE_NAME AS Variable_name, VARIABLE_SOURCE AS Value FROM performance_schema.variables_info WHERE VARIABLE_NAME IN (${listed(keptNames)})`,
  mariadb: `SELECT VARIABLE_NAME AS Variable_name, GLOBAL_VALUE_ORIGIN AS Value FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME IN (${listed(keptNames)})`,
};
export const persistedQuery = `SELECT VARIABLE_NAME AS Variable_name, VARIABLE_VALUE AS Value FROM performance_schema.persisted_variables WHERE VARIABLE_NAME IN (${listed(keptNames)})`;

/** What a replica leaves out. In MySQL, our documented rights do not show it; MariaDB has variables. */
export const filtersQueries = {
  mysql:
    "SELECT CONCAT(FILTER_NAME, ' = ', LEFT(FILTER_RULE, 100)) AS Value FROM performance_schema.replication_applier_filters WHERE FILTER_RULE <> '' LIMIT 10",
  mariadb:
    "SELECT CONCAT(VARIABLE_NAME, ' = ', LEFT(GLOBAL_VALUE, 100)) AS Value FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME RLIKE '^REPLICATE_(DO|IGNORE|WILD_DO|WILD_IGNORE)_(DB|TABLE)$' AND GLOBAL_VALUE <> ''",
};
/** The channels that begin at a place of the source's binary log, although the server could use GTIDs. */
export const byPlacesQuery =
  "SELECT CHANNEL_NAME AS Value FROM performance_schema.replication_connection_configuration WHERE AUTO_POSITION = '0'";

export const variablesQuery = shown('GLOBAL VARIABLES', variableNames);
export const statusQuery = shown('GLOBAL STATUS', statusNames);
export const sessionStatusQuery = shown('SESSION STATUS', sessionNames);
