/** A cluster that is not here: it does not exist, or other instances watch it. Pure. */

import { html } from './html.ts';
import { toneIcon } from './icons.ts';
import type { View } from './shell.ts';

/** `watchers`: the instances that watch it; undefined: no instance does. */
export function notFoundView(name: string, watchers: readonly string[] | undefined, root: string): View {
  const words = watchers === undefined ? 'There is no such cluster' : 'Watched elsewhere';
  const sentence =
    watchers === undefined
      ? `The configuration has no cluster “${name}”.`
      : `Only other instances watch “${name}”: ${watchers.join(', ')}.`;
  return {
    title: `${words} · source-dns`,
    tone: 'asking',
    announcement: words,
    cluster: undefined,
    search: '',
    main: html`<section class="hero" aria-labelledby="h-verdict"><div class="sign">${toneIcon('asking')}</div><div class="said"><h1 id="h-verdict"><span class="verdict">${words}</span></h1><p class="sentence">${sentence}</p><p class="sentence"><a href="${root}">All clusters</a></p></div></section>`,
  };
}
