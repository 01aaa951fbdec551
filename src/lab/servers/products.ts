/** The products that a scenario can use. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../host/lab-error.ts';
import { type MariadbSeries, provideMariadb } from '../programs/mariadb-programs.ts';
import { provideMysql } from '../programs/mysql-programs.ts';
import type { Progress } from '../programs/programs.ts';
import { type AccountSql, accountSql, mariadbAccountSql } from './accounts.ts';
import { Mariadbd } from './mariadbd.ts';
import { Mysqld } from './mysqld.ts';
import type { SqlServer, SqlServerOptions } from './sql-server.ts';

export type ProductName = 'MySQL' | `MariaDB ${MariadbSeries}`;

export interface Product {
  readonly family: 'MySQL' | 'MariaDB';
  /** e.g. `9.7.4`. */
  readonly version: string;
  /** For people: a path, or the Debian package. */
  readonly origin: string;
  readonly accountSql: AccountSql;
  /** A server that has not started yet. `readOnly`: for administrators too, where the product has that. */
  server(options: SqlServerOptions & { readonly readOnly: boolean }): SqlServer;
}

/** Finds the product, or fetches it. Rejects with a LabError if that fails or a plugin is missing. */
export async function provideProduct(
  name: ProductName,
  plugins: readonly string[],
  progress: Progress,
): Promise<Product> {
  return name === 'MySQL'
    ? await mysql(plugins, progress)
    : await mariadb(name === 'MariaDB 10.11' ? '10.11' : '11.8', progress);
}

async function mysql(plugins: readonly string[], progress: Progress): Promise<Product> {
  const programs = await provideMysql(progress);
  const lacking = plugins.find((plugin) => !existsSync(join(programs.pluginFolder, plugin)));
  if (lacking !== undefined) {
    throw new LabError(`MySQL ${programs.version} (${programs.origin}) lacks the plugin ${lacking}`, {
      hint: `install it into ${programs.pluginFolder}, or use another MySQL`,
    });
  }
  return {
    family: 'MySQL',
    version: programs.version,
    origin: programs.origin,
    accountSql,
    server: ({ readOnly, ...options }) =>
      new Mysqld(programs, { ...options, readOnly: readOnly ? 'super-read-only' : 'off' }),
  };
}

async function mariadb(series: MariadbSeries, progress: Progress): Promise<Product> {
  const programs = await provideMariadb(series, progress);
  return {
    family: 'MariaDB',
    version: programs.version,
    origin: programs.origin,
    accountSql: mariadbAccountSql,
    server: (options) => new Mariadbd(programs, options),
  };
}
