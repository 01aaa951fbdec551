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

/** What a scenario can be played with. */
export type ProductName = 'MySQL' | `MariaDB ${MariadbSeries}`;

/** A product that can be started on this machine. */
export interface Product {
  readonly family: 'MySQL' | 'MariaDB';
  /** e.g. `9.7.4`. */
  readonly version: string;
  /** Where it comes from, for people: a path, or the Debian package. */
  readonly origin: string;
  readonly accountSql: AccountSql;
  /** A server that was not started yet. `readOnly`: against everybody where the product can do that. */
  server(options: SqlServerOptions & { readonly readOnly: boolean }): SqlServer;
}

/** Takes it from where it is, or fetches it. Rejects with a LabError when it cannot be had, or lacks one of the plugins. */
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
