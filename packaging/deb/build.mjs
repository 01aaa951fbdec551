// Builds a package for Debian and its kin:  node packaging/deb/build.mjs [FOLDER]
// It needs dpkg-deb, and what `npm ci` has installed: the libraries are part of the package. It prints the
// file's name.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const root = join(import.meta.dirname, '..', '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const target = resolve(process.argv[2] ?? '.', `source-dns_${version}_all.deb`);
const stage = mkdtempSync(join(tmpdir(), 'source-dns-deb-'));
const library = join(stage, 'usr/lib/source-dns');

const put = (path, content, mode = 0o644) => {
  mkdirSync(dirname(join(stage, path)), { recursive: true });
  writeFileSync(join(stage, path), content, { mode });
};
const here = (name) => readFileSync(join(import.meta.dirname, name), 'utf8');
const text = (path) => readFileSync(join(root, path), 'utf8');
const run = (program, args) => execFileSync(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });

/** What a program at work needs of a library: no types, no maps, no documents, no tests. A licence stays. */
const isNeeded = (path) =>
  /licen[cs]e/i.test(path) ||
  !(
    /\.(?:[cm]?ts|map|md|markdown|html|sh)$/.test(path) ||
    /\/\.[^/]*(?:\/|$)/.test(path) ||
    /\/node_modules\/(?:@[^/]+\/)?[^/]+\/(?:benchmarks?|docs|examples?|tests?)\//.test(path)
  );

function fillLibrary() {
  run(process.execPath, [join(root, 'build.mjs')]);
  mkdirSync(library, { recursive: true });
  cpSync(join(root, 'package.json'), join(library, 'package.json'));
  const { packages } = JSON.parse(text('package-lock.json'));
  const libraries = Object.keys(packages).filter((path) => path !== '' && packages[path].dev !== true);
  for (const folder of ['dist', 'bind-config', 'systemd', ...libraries])
    cpSync(join(root, folder), join(library, folder), { recursive: true, dereference: true });
  // Another Node.js in somebody's PATH is not the one that the package depends on.
  const main = join(library, 'dist/main.js');
  writeFileSync(main, readFileSync(main, 'utf8').replace(/^#!.*/, '#!/usr/bin/node'));
}

const completions = [
  ['bash', 'bash-completion/completions/source-dns'],
  ['zsh', 'zsh/vendor-completions/_source-dns'],
  ['fish', 'fish/vendor_completions.d/source-dns.fish'],
];

function fillSystem() {
  put('usr/lib/systemd/system/source-dns.service', text('systemd/source-dns.service'));
  put('usr/lib/sysusers.d/source-dns.conf', here('sysusers.conf'));
  put('usr/share/doc/source-dns/copyright', text('LICENSE'));
  put('usr/share/doc/source-dns/CHANGELOG.md.gz', gzipSync(text('CHANGELOG.md'), { level: 9 }));
  // Help and the manual page name them, and they link to each other.
  for (const name of readdirSync(join(root, 'docs')).filter((each) => each.endsWith('.md')))
    put(`usr/share/doc/source-dns/docs/${name}`, text(`docs/${name}`));
  put('usr/share/man/man1/source-dns.1.gz', gzipSync(text('man/source-dns.1'), { level: 9 }));
  const main = join(root, 'dist/main.js');
  for (const [shell, path] of completions)
    put(`usr/share/${path}`, run(process.execPath, [main, 'completion', shell]));
  mkdirSync(join(stage, 'etc/source-dns'), { recursive: true });
  mkdirSync(join(stage, 'usr/bin'), { recursive: true });
  symlinkSync('../lib/source-dns/dist/main.js', join(stage, 'usr/bin/source-dns'));
}

/** Whatever the umask of the builder is. Returns the size in bytes. */
function tidy(folder) {
  let size = 0;
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      size += tidy(path);
      if (readdirSync(path).length === 0 && path.startsWith(library)) rmdirSync(path);
    }
    if (!entry.isFile()) continue;
    if (path.startsWith(join(library, 'node_modules')) && !isNeeded(path)) rmSync(path);
    else {
      chmodSync(path, path === join(library, 'dist/main.js') ? 0o755 : 0o644);
      size += statSync(path).size;
    }
  }
  return size;
}

try {
  fillLibrary();
  fillSystem();
  const size = Math.ceil(tidy(stage) / 1024);
  put('DEBIAN/control', here('control').replace('@version@', version).replace('@size@', size));
  for (const script of ['postinst', 'prerm', 'postrm']) put(`DEBIAN/${script}`, here(script), 0o755);
  chmodSync(join(stage, 'DEBIAN'), 0o755);
  for (const script of ['postinst', 'prerm', 'postrm']) chmodSync(join(stage, 'DEBIAN', script), 0o755);
  run('dpkg-deb', ['--root-owner-group', '--build', stage, target]);
  process.stdout.write(`${target}\n`);
} finally {
  rmSync(stage, { recursive: true, force: true });
}
