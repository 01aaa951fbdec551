/** One real MySQL or MariaDB server of the lab. Its data survive stop, kill and start. */

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { LabError } from '../host/lab-error.ts';
import { launch, type ServerProcess } from '../host/processes.ts';
import { copyEmptyData } from '../programs/mysql-data.ts';

export interface SqlServerOptions {
  /** Its own folder, created if missing (mode 0700). It has `data/`, `mysqld.log` and the socket. */
  readonly folder: string;
  /** Any address of 127.0.0.0/8, or one of the host behind `through`; also its `report_host`. */
  readonly address: string;
  readonly port: number;
  readonly serverId: number;
  /** Statements of one line each. Root runs them at every start, without binary log (so in no GTID set). */
  readonly initSql?: readonly string[];
  /** These options win over those of the lab. */
  readonly options?: readonly string[];
  /** See LaunchOptions. */
  readonly through?: readonly string[];
}

interface SqlProgram {
  /** `mysqld` or `mariadbd`. */
  readonly name: string;
  readonly executable: string;
  /** The server prints this line when it accepts connections. */
  readonly ready: RegExp;
  /** An empty data folder, to be copied. */
  readonly emptyData: string;
  /** All options except those of the folder, the address and `options`; they come first. */
  readonly options: readonly string[];
}

/** A start takes about 1 s; recovery after `kill9` on two busy cores takes longest. */
const startDeadlineMs = 90_000;
const stopDeadlineMs = 20_000;
const connectTimeoutMs = 10_000;
/** The longest statements wait a minute for transactions, or copy a whole server. */
const statementTimeoutMs = 120_000;
/** `sun_path` of a unix socket has 108 bytes, and the last is 0. */
const maxSocketPath = 107;

/** The error of a statement. It does not have the statement itself: some contain passwords. */
class SqlError extends LabError {
  /** As in mysql2. */
  readonly errno: number | undefined;
  readonly code: string | undefined;

  constructor(
    { address, port, logFile }: Pick<SqlServer, 'address' | 'port' | 'logFile'>,
    { cause }: { readonly cause: unknown },
  ) {
    type Thrown = Error & { errno?: number; code?: string; sql?: string };
    const { message, errno, code, sql: _, ...rest } = cause as Thrown;
    super(`${address}:${port}: ${message}`, { hint: `see ${logFile}; --keep keeps it`, cause: rest });
    this.errno = errno;
    this.code = code;
  }
}

export class SqlServer {
  readonly address: string;
  readonly port: number;
  readonly folder: string;
  readonly logFile: string;
  readonly #program: SqlProgram;
  readonly #options: SqlServerOptions;
  #server: ServerProcess | undefined;
  #socketFolder: string | undefined;

  constructor(program: SqlProgram, options: SqlServerOptions) {
    this.#program = program;
    this.#options = options;
    this.address = options.address;
    this.port = options.port;
    this.folder = options.folder;
    this.logFile = join(options.folder, 'mysqld.log');
  }

  /** `mysqld` or `mariadbd`. */
  get program(): string {
    return this.#program.name;
  }

  get pid(): number | undefined {
    return this.running ? this.#server?.pid : undefined;
  }

  get running(): boolean {
    return this.#server?.running === true;
  }

  /** Root connects over this unix socket without a password. */
  get socketPath(): string {
    return join(this.#socketFolder ?? this.folder, 'mysqld.sock');
  }

  /** Resolves when it accepts connections. `extra`: for this start only. Rejects with a LabError. */
  async start(extra: readonly string[] = []): Promise<void> {
    if (this.running) throw new Error(`${this.#program.name} at ${this.address}:${this.port} runs already`);
    await this.#prepare();
    const { name, executable } = this.#program;
    this.#server = launch(
      `${name} ${this.address}:${this.port}`,
      executable,
      [...this.#arguments(), ...extra],
      {
        cwd: this.folder,
        logFile: this.logFile,
        through: this.#options.through ?? [],
      },
    );
    try {
      await this.#server.awaitLine(this.#program.ready, startDeadlineMs);
    } catch (error) {
      await this.kill9();
      throw error;
    }
  }

  /** An orderly shutdown; SIGKILL if it takes too long. Resolves when the process is gone. */
  async stop(): Promise<void> {
    await this.#server?.stop(stopDeadlineMs);
    await this.#dropSocketFolder();
  }

  /** A crash: SIGKILL. Resolves when the process is gone. */
  async kill9(): Promise<void> {
    await this.#server?.kill();
    await this.#dropSocketFolder();
  }

  /** `extra`: options for this start only. */
  async restart(extra: readonly string[] = []): Promise<void> {
    await this.stop();
    await this.start(extra);
  }

  /** Deletes the data: the server then starts empty. The server must not run. */
  async forgetData(): Promise<void> {
    if (this.running) throw new Error(`${this.#program.name} at ${this.address}:${this.port} runs`);
    await rm(join(this.folder, 'data'), { recursive: true, force: true });
  }

  /** SIGSTOP: it hangs with open connections until `resume()`, like a dead disk or a lost network. */
  async suspend(): Promise<void> {
    await this.#server?.suspend();
  }

  resume(): void {
    this.#server?.signal('SIGCONT');
  }

  /** A new connection of root over the unix socket. The caller closes it. */
  async connect(): Promise<Connection> {
    return await createConnection({
      socketPath: this.socketPath,
      user: 'root',
      connectTimeout: connectTimeoutMs,
      supportBigNumbers: true,
    });
  }

  /** Runs statements as root, in order. Resolves with the rows of the last; rejects with a SqlError. */
  async sql(...statements: string[]): Promise<Record<string, unknown>[]> {
    const connection = await this.connect();
    try {
      let rows: unknown = [];
      for (const statement of statements)
        [rows] = await connection.query({ sql: statement, timeout: statementTimeoutMs });
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
    } catch (error) {
      throw new SqlError(this, { cause: error });
    } finally {
      connection.destroy();
    }
  }

  async #prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const data = join(this.folder, 'data');
    if (!existsSync(data)) await copyEmptyData(this.#program.emptyData, data);
    await mkdir(join(this.folder, 'tmp'), { recursive: true });
    if (join(this.folder, 'mysqld.sock').length > maxSocketPath)
      this.#socketFolder ??= await mkdtemp(join(tmpdir(), 'source-dns-'));
    const statements = this.#options.initSql ?? [];
    if (statements.some((each) => each.includes('\n')))
      throw new LabError('a statement of initSql has more than one line', {
        hint: 'the server reads the init file line by line',
      });
    const script = ['SET sql_log_bin=0', ...statements].map((each) => `${each};\n`).join('');
    await writeFile(join(this.folder, 'init.sql'), script, { mode: 0o600 });
  }

  #arguments(): string[] {
    const { address, port, serverId, folder, options = [] } = this.#options;
    return [
      ...this.#program.options,
      `--datadir=${join(folder, 'data')}`,
      `--tmpdir=${join(folder, 'tmp')}`,
      `--socket=${this.socketPath}`,
      `--pid-file=${join(folder, 'mysqld.pid')}`,
      `--init-file=${join(folder, 'init.sql')}`,
      `--bind-address=${address}`,
      `--port=${port}`,
      `--server-id=${serverId}`,
      `--report-host=${address}`,
      `--report-port=${port}`,
      // root@localhost has no password: it must use the socket, and 127.0.0.1 must not count as localhost.
      '--skip-name-resolve',
      '--local-infile=OFF',
      ...options,
    ];
  }

  async #dropSocketFolder(): Promise<void> {
    if (this.#socketFolder !== undefined) await rm(this.#socketFolder, { recursive: true, force: true });
    this.#socketFolder = undefined;
  }
}

/** Whether a start failed because another process has taken the port. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && /address already in use|\[MY-010257\]|address in use/i.test(error.message);
}
