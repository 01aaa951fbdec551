/** The loaded configuration: the types of what the other layers get. */

import type { ClusterSettings } from '../core/model/settings.ts';
import type { Secret } from './secret.ts';
import type { Share } from './share.ts';

/** What can be known without the right to read a secret: enough to ask the daemon. */
export interface ConfigOutline {
  /** Absolute path of the YAML file. */
  readonly file: string;
  readonly instance: string;
  /** Absolute; not created. */
  readonly stateDir: string;
  /** The configuration does not say it: another user has another one. */
  readonly stateDirByUser?: true;
  /** Absent: this instance watches all clusters. */
  readonly share?: Share;
  /** Those that this instance watches. */
  readonly clusters: readonly ClusterOutline[];
  /** Those that only other instances watch: `settings.watchers`. */
  readonly elsewhere: readonly ClusterOutline[];
}

export interface ClusterOutline {
  readonly settings: ClusterSettings;
}

/** Every default is filled in, every duration is in milliseconds, every named file is read. */
export interface LoadedConfig extends ConfigOutline {
  readonly clusters: readonly LoadedCluster[];
  readonly elsewhere: readonly LoadedCluster[];
  readonly nameservers: ReadonlyMap<string, NameserverConfig>;
  readonly hooks: HooksConfig;
  /** Absent: the API is on the unix socket alone. */
  readonly http?: HttpConfig;
  readonly logLevel: LogLevel;
  /** What works but is probably not meant: one sentence each, with its place. */
  readonly warnings: readonly string[];
  /** The configuration itself, and each file that it names. */
  readonly files: readonly FileInUse[];
}

/** A file as it was read. */
export interface FileInUse {
  /** Absolute. */
  readonly file: string;
  /** What names it, for example `clusters.shop.mysql.password_file`. */
  readonly role: string;
  /** A larger file was not read. */
  readonly maxBytes: number;
  /** SHA-256 of the text: shows a change, and not the secret. */
  readonly digest: string;
}

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface LoadedCluster extends ClusterOutline {
  readonly mysql: MysqlAccess;
  /** Absent: nobody is fenced. Together with `settings.fence`. */
  readonly fence?: FenceAccess | undefined;
}

/** The second account, and what it may end. */
export interface FenceAccess {
  readonly user: string;
  readonly password: Secret;
  /** The connections that are ended. */
  readonly kill: 'clients' | 'none';
  /** Accounts whose connections are left, perhaps with `*`. */
  readonly spare: readonly string[];
  /** The bound of the whole act. */
  readonly timeoutMs: number;
}

interface MysqlAccess {
  readonly user: string;
  readonly password: Secret;
  readonly tls: 'disabled' | 'preferred' | 'required' | 'verify';
  /** PEM text, only with `verify`; absent: the certificate authorities of Node. */
  readonly ca?: string;
  readonly allowPublicKeyRetrieval: boolean;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
}

export interface NameserverConfig {
  /** As in `PublicationSettings.nameserver`. */
  readonly name: string;
  /** IP address or host name, without brackets. */
  readonly address: string;
  readonly port: number;
  readonly via: 'rfc2136' | 'nsupdate';
  readonly transport: 'tcp' | 'udp';
  /** Always there with `via: rfc2136`. */
  readonly key?: KeyFile;
  readonly nsupdateArgs: readonly string[];
  readonly timeoutMs: number;
  /** Whole seconds. */
  readonly fudgeMs: number;
  /** The authoritative nameservers to wait for; absent: those of the zone's NS RRset. */
  readonly verify?: readonly HostPort[];
  /** Resolvers to watch after a move. */
  readonly resolvers?: readonly HostPort[];
}

/** A TSIG key file, read with the configuration: nsupdate needs the path, our own packets the text. */
interface KeyFile {
  /** Absolute path. */
  readonly file: string;
  /** Which key of the file; absent: the file has only one. */
  readonly name?: string;
  readonly text: Secret;
}

interface HostPort {
  /** IP address or host name, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The API over TCP: where it listens. */
export interface HttpConfig extends HostPort {
  /** What a client needs to change something; absent: nobody can. Always there if other hosts can connect. */
  readonly token?: Secret;
  /** Small letters, no final dot: what clients may call this host, beside IP addresses and `localhost`. */
  readonly names: readonly string[];
}

/** In the order of the file. */
export interface HooksConfig {
  readonly afterMove: readonly HookConfig[];
  readonly onAlarm: readonly HookConfig[];
}

export type HookConfig = CommandHook | UrlHook;

export interface CommandHook {
  readonly kind: 'command';
  /** An absolute path, or a name without a slash, which is looked up in PATH. */
  readonly program: string;
  /** May contain secrets, although everybody can see them in ps: never logged. */
  readonly args: readonly string[];
  readonly env: ReadonlyMap<string, Secret>;
  readonly timeoutMs: number;
}

export interface UrlHook {
  readonly kind: 'url';
  /** Many services have their secret in the path. */
  readonly url: Secret;
  readonly headers: ReadonlyMap<string, Secret>;
  readonly timeoutMs: number;
}
