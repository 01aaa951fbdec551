/** The frame of every page: head, bar, and the region that is replaced. Pure. */

import { type Html, html } from './html.ts';
import { mark } from './icons.ts';
import { clockWords, exactWords } from './time-words.ts';
import type { Tone } from './verdict.ts';

/** What stays the same on all pages of one daemon. */
export interface Frame {
  /** The hash of the files that the page needs. */
  readonly assets: string;
  readonly instance: string;
  readonly version: string;
  /** Milliseconds since 1970, by the clock of the daemon. */
  readonly now: number;
  /** From the page to the root: `./` or `../`. So the page also works behind a proxy that adds a path. */
  readonly root: string;
}

/** What is replaced when something happens. */
export interface View {
  /** For the window: it begins with what matters. */
  readonly title: string;
  readonly tone: Tone;
  /** What a screen reader is told when it changes; nothing else is. */
  readonly announcement: string;
  /** The cluster that the view shows; undefined: all. */
  readonly cluster: string | undefined;
  readonly search: string;
  readonly main: Html;
}

/** The replaceable part alone. */
export function partHtml(view: View, { root, assets, now, version, instance }: Frame): Html {
  const { tone, title, announcement, cluster = '', main } = view;
  const icon = `${root}assets/${assets}/${tone}.svg`;
  return html`
    <main id="main" tabindex="-1" class="tone-${tone}" data-title="${title}" data-icon="${icon}" data-assets="${assets}" data-announcement="${announcement}" data-cluster="${cluster}">
      ${main}
      <p class="rendered">
        Rendered <time datetime="${new Date(now).toISOString()}">${exactWords(now)}</time> by source-dns ${version} on ${instance}.
      </p>
    </main>`;
}

export function pageHtml(view: View, frame: Frame): Html {
  const { assets, root, instance, now } = frame;
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <title>${view.title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex, nofollow">
        <link rel="icon" id="icon" type="image/svg+xml" href="${root}assets/${assets}/${view.tone}.svg">
        <link rel="stylesheet" href="${root}assets/${assets}/page.css">
        <script type="module" src="${root}assets/${assets}/page.js"></script>
      </head>
      <body data-root="${root}">
        <a class="skip" href="#main">Skip to the answer</a>
        <header class="bar">
          <a class="brand" href="${root}">${mark}<span>source-dns</span></a>
          <span class="instance" title="This instance">${instance}</span>
          <form class="search" role="search" action="${root}" method="get">
            <label class="sr" for="q">Find a cluster</label>
            <input id="q" name="q" type="search" value="${view.search}" placeholder="Find a cluster" autocomplete="off" autocapitalize="none" spellcheck="false">
          </form>
          <p class="fresh" id="fresh">
            <span class="lamp" aria-hidden="true"></span><span class="said">As of ${clockWords(now, now)}.</span> <a href="">Reload</a>
          </p>
        </header>
        <div id="lost" class="lost" role="alert" hidden></div>
        <noscript>
          <p class="noscript">Scripts are off, so this page does not update itself. It shows ${exactWords(now)}. <a href="">Reload it</a> to see the present.</p>
        </noscript>
        ${partHtml(view, frame)}
        <p id="announcer" class="sr" role="status" aria-live="polite"></p>
      </body>
    </html>`;
}
