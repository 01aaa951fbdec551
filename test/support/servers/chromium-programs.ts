/** A browser for tests: Debian's headless Chromium, installed or fetched, with one family of fonts. */

import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findInstalled } from '../../../src/lab/host/installed-programs.ts';
import { debianLayout } from '../../../src/lab/programs/debian.ts';
import { type ProgramSet, type Progress, provideSet } from '../../../src/lab/programs/programs.ts';

/** How to start it. */
export interface ChromiumProgram {
  readonly executable: string;
  readonly environment: Readonly<Record<string, string>>;
}

const chromiumSet: ProgramSet = {
  name: 'chromium',
  main: 'chromium-headless-shell',
  wish: {
    packages: [
      'chromium-headless-shell',
      'chromium-common',
      'fonts-inter',
      'fonts-jetbrains-mono',
      'fonts-dejavu-core',
    ],
    suites: ['bookworm'],
    // Debian 12 is the oldest system on which the tests run: its own libc is as new as these libraries want.
    needed: (name) =>
      /^z?lib/.test(name) &&
      !/^lib(c6|pam|db5|perl|gdbm|gtk|debconf|llvm|z3|gl1-mesa|icu|xml2)|-common$|-bin$|-data$/.test(name),
  },
  programs: [],
  keep: ['usr/lib', 'usr/share/fonts'],
};

/** From PATH, else from the cache, else from Debian. Rejects with a LabError. */
export async function provideChromium(progress: Progress): Promise<ChromiumProgram> {
  return installed() ?? (await fetched(progress));
}

/** The graphical browser and the headless one take the same options. */
function installed(): ChromiumProgram | undefined {
  const executable = findInstalled('chromium-headless-shell') ?? findInstalled('chromium');
  return executable === undefined ? undefined : { executable, environment: {} };
}

async function fetched(progress: Progress): Promise<ChromiumProgram> {
  const { folder } = await provideSet(chromiumSet, progress);
  const { libraries } = await debianLayout();
  const root = join(folder, 'root');
  const executable = ['chromium-headless-shell', 'headless_shell']
    .map((name) => join(root, 'usr/lib/chromium', name))
    .find((path) => existsSync(path));
  if (executable === undefined) throw new Error(`${folder} has no headless Chromium`);
  return {
    executable,
    environment: {
      LD_LIBRARY_PATH: ['', 'pulseaudio'].map((own) => join(root, libraries, own)).join(':'),
      FONTCONFIG_FILE: await fontsFile(folder, root),
    },
  };
}

/** Only the fetched fonts: so a picture looks the same on every machine. */
async function fontsFile(folder: string, root: string): Promise<string> {
  const path = join(folder, 'fonts.conf');
  if (existsSync(path)) return path;
  await mkdir(join(folder, 'fonts-cache'), { recursive: true });
  const alias = (family: string, font: string) =>
    `<alias><family>${family}</family><prefer><family>${font}</family></prefer></alias>`;
  const lines = [
    '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">',
    `<fontconfig><dir>${join(root, 'usr/share/fonts')}</dir><cachedir>${join(folder, 'fonts-cache')}</cachedir>`,
    alias('sans-serif', 'Inter'),
    alias('system-ui', 'Inter'),
    alias('monospace', 'JetBrains Mono'),
    '</fontconfig>',
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}
