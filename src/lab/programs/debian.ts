/** Fetches Debian packages with its own apt configuration: the machine's packages and lists stay. */

import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExecaError, execa } from 'execa';
import { LabError } from '../host/lab-error.ts';

/** Debian 12 and 13. */
export type DebianRelease = 'bookworm' | 'trixie';

/** The packages to fetch, and the suites that they and their libraries come from. */
export interface PackageWish {
  readonly packages: readonly string[];
  readonly suites: readonly string[];
  /** Whether the programs really need a package of the closure (of all dependencies). */
  readonly needed: (name: string) => boolean;
}

interface ResolvedPackages {
  /** `name=version`, as apt-get takes it. */
  readonly pinned: readonly string[];
  readonly unpack: (root: string) => Promise<void>;
}

const queryTimeoutMs = 60_000;
const updateTimeoutMs = 180_000;
const downloadTimeoutMs = 600_000;
const unpackTimeoutMs = 120_000;
/** Third-party repositories are among the configured mirrors, and do not have Debian's suites. */
const maxMirrors = 4;

const cannotFetchHint =
  'check the network (or the proxy in the apt configuration), and whether the package debian-archive-keyring is up to date; MySQL 8.4 and BIND 9.18 or newer in PATH do as well';

const keyringFiles = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
];

/** The folder of libraries and the dynamic loader of each known architecture. */
const architectures: Readonly<Record<string, { libraries: string; loader: string }>> = {
  amd64: { libraries: 'usr/lib/x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { libraries: 'usr/lib/aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/** The unpacked libraries, and the loader to start the programs with: the system's libc may be too old. */
export interface Layout {
  readonly architecture: string;
  /** Relative to the root of the unpacked packages. */
  readonly libraries: string;
  readonly loader: string;
}

/** Rejects with a LabError unless this machine is Debian on x86-64 or arm64. */
export async function debianLayout(): Promise<Layout> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!/^ID=["']?debian["']?$/m.test(release) || !existsSync('/usr/bin/apt-get')) {
    throw new LabError('this machine is not Debian', {
      hint: 'install MySQL 8.4 or newer and BIND 9.18 or newer, so that mysqld and named are in PATH',
    });
  }
  const { stdout } = await execa('dpkg', ['--print-architecture'], { timeout: queryTimeoutMs });
  const known = architectures[stdout.trim()];
  if (known === undefined)
    throw new LabError(`the lab knows no programs for the architecture ${stdout.trim()}`, {
      hint: 'install MySQL and BIND, so that they are in PATH',
    });
  return {
    architecture: stdout.trim(),
    libraries: known.libraries,
    loader: join(known.libraries, known.loader),
  };
}

/**
 * Resolves the packages with own lists, own cache and an empty package status in `folder`. The mirror, the
 * proxy and the signing keys are the machine's.
 */
export async function resolvePackages(
  wish: PackageWish,
  folder: string,
  layout: Layout,
): Promise<ResolvedPackages> {
  const mirrors = await configuredMirrors();
  const configuration = await writeConfiguration(folder, layout);
  let failure: unknown;
  for (const mirror of mirrors.slice(0, maxMirrors)) {
    try {
      await writeSources(folder, mirror, wish.suites);
      await apt(configuration, ['update', '--error-on=any'], updateTimeoutMs);
      const pinned = await closure(configuration, wish);
      return { pinned, unpack: (root) => unpack(configuration, folder, pinned, root) };
    } catch (error) {
      failure = error;
    }
  }
  const reason = failure instanceof Error ? failure.message : 'apt has no Debian mirror configured';
  throw new LabError(`Debian's ${wish.packages.join(', ')} cannot be fetched: ${reason}`, {
    hint: cannotFetchHint,
    cause: failure,
  });
}

/** The mirrors of the machine's apt configuration, its own release first. No host is named here. */
async function configuredMirrors(): Promise<string[]> {
  const release = await readFile('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1] ?? 'sid';
  const format = '$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)';
  // Without --no-release-info, a machine that never ran `apt-get update` lists nothing.
  const { stdout } = await execa('apt-get', ['indextargets', '--no-release-info', '--format', format], {
    timeout: queryTimeoutMs,
  });
  const own: string[] = [];
  const others: string[] = [];
  for (const line of stdout.split('\n')) {
    const [createdBy, uri = '', suite = '', component] = line.split('|');
    if (createdBy !== 'Packages' || component !== 'main' || /security|backports/.test(suite)) continue;
    (suite === codename ? own : others).push(uri);
  }
  return [...new Set([...own, ...others])];
}

async function writeConfiguration(folder: string, layout: Layout): Promise<string> {
  const path = join(folder, 'apt.conf');
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  const lines = [
    `Dir::Etc::SourceList "${join(folder, 'sources.list')}";`,
    ...['SourceParts', 'Preferences', 'PreferencesParts'].map((key) => `Dir::Etc::${key} "/dev/null";`),
    `Dir::State "${folder}";`,
    `Dir::State::Lists "${join(folder, 'lists')}";`,
    'Dir::State::status "/dev/null";',
    `Dir::Cache "${join(folder, 'cache')}";`,
    // The user _apt cannot enter a private folder; apt would warn and download as root anyway.
    'APT::Sandbox::User "root";',
    'APT::Default-Release "";',
    '#clear APT::Architectures;',
    `APT::Architectures { "${layout.architecture}"; };`,
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    'Acquire::Languages "none";',
    'Acquire::PDiffs "false";',
    'Acquire::Retries "2";',
    'Acquire::http::Timeout "20";',
    'Acquire::https::Timeout "20";',
    // These programs will run here: an unsigned list is an error, whatever the machine allows.
    'Acquire::AllowInsecureRepositories "false";',
    'Acquire::AllowDowngradeToInsecureRepositories "false";',
    'APT::Get::AllowUnauthenticated "false";',
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}

async function writeSources(folder: string, mirror: string, suites: readonly string[]): Promise<void> {
  const keyring = keyringFiles.find((path) => existsSync(path));
  // target=Packages: apt-file and the like would add indexes of 100 MB.
  const options = ['target=Packages', ...(keyring === undefined ? [] : [`signed-by=${keyring}`])].join(' ');
  await writeFile(
    join(folder, 'sources.list'),
    suites.map((suite) => `deb [${options}] ${mirror} ${suite} main\n`).join(''),
  );
}

/** All dependencies, by a simulated installation on an empty system. */
async function closure(configuration: string, wish: PackageWish): Promise<string[]> {
  const preferred = wish.suites[0] ?? 'sid';
  const options = ['--simulate', '--no-install-recommends', '--target-release', preferred];
  const simulated = await apt(
    configuration,
    ['install', ...options, ...wish.packages, 'libc6'],
    queryTimeoutMs,
  );
  const pinned: string[] = [];
  for (const [, name = '', version = ''] of simulated.matchAll(/^Inst (\S+) \((\S+) /gm)) {
    if (wish.packages.includes(name) || wish.needed(name)) pinned.push(`${name}=${version}`);
  }
  return pinned;
}

async function unpack(
  configuration: string,
  folder: string,
  pinned: readonly string[],
  root: string,
): Promise<void> {
  const archives = join(folder, 'archives');
  await mkdir(archives, { recursive: true });
  await mkdir(root, { recursive: true });
  await apt(configuration, ['download', ...pinned], downloadTimeoutMs, archives);
  for (const archive of await readdir(archives)) {
    await execa('dpkg-deb', ['--extract', join(archives, archive), root], { timeout: unpackTimeoutMs });
  }
  // Debian 12 still has libraries below /lib, which is a link to /usr/lib on an installed system.
  if (existsSync(join(root, 'lib')))
    await cp(join(root, 'lib'), join(root, 'usr', 'lib'), { recursive: true, verbatimSymlinks: true });
}

async function apt(
  configuration: string,
  args: readonly string[],
  timeoutMs: number,
  cwd = '/',
): Promise<string> {
  const environment = { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  try {
    const { stdout } = await execa('apt-get', ['--config-file', configuration, '--quiet', ...args], {
      cwd,
      timeout: timeoutMs,
      env: environment,
    });
    return stdout;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    // The command has a hundred words; the complaint of apt is one line.
    const complaint = String(error.stderr)
      .split('\n')
      .find((line) => line.startsWith('E:'));
    const reason = error.timedOut
      ? `not done in ${timeoutMs} ms`
      : (complaint ?? error.code ?? `exit code ${error.exitCode}`);
    throw new LabError(`apt-get ${args[0]}: ${reason}`, { hint: cannotFetchHint, cause: error });
  }
}
