/** What a hook gets of our own environment: a short list, so no secret of ours is among it. Pure. */

import type { Variables } from '../../config/environment.ts';
import { defaultPath } from '../../config/hook-program.ts';

/**
 * Programs find each other, their user's files and their language by these. All others stay with us:
 * DB_PASSWORD and what else the configuration takes from the environment; NOTIFY_SOCKET and LISTEN_FDS, by
 * which a program would talk to systemd in our name; NODE_OPTIONS, which is meant for our own process.
 */
const inherited = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TZ'],
  ...['LANG', 'LANGUAGE', 'LC_ALL', 'LC_CTYPE', 'LC_MESSAGES', 'LC_TIME', 'LC_NUMERIC', 'LC_COLLATE'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

/** `PATH` is always among them. */
export const inheritedVariables = (env: Variables): Readonly<Record<string, string>> => ({
  PATH: defaultPath,
  ...Object.fromEntries(
    inherited.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  ),
});
