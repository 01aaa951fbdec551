/** The page of a daemon that starts. The header `refresh` loads it again, also with scripts off. Pure. */

import { html } from './html.ts';
import { mark, toneIcon } from './icons.ts';

/** The browser asks again after this time. */
export const refreshSeconds = 2;

/** `assets`: the hash of the files. `root`: from the page to the root. */
export const startingHtml = (assets: string, root: string) => html`
  <!doctype html>
  <html lang="en">
    <head>
      <meta charset="utf-8">
      <title>Starting · source-dns</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="robots" content="noindex, nofollow">
      <link rel="icon" type="image/svg+xml" href="${root}assets/${assets}/asking.svg">
      <link rel="stylesheet" href="${root}assets/${assets}/page.css">
    </head>
    <body>
      <header class="bar"><a class="brand" href="${root}">${mark}<span>source-dns</span></a></header>
      <main id="main" class="tone-asking">
        <section class="hero" aria-labelledby="h-verdict">
          <div class="sign">${toneIcon('asking')}</div>
          <div class="said">
            <h1 id="h-verdict"><span class="verdict">Starting</span></h1>
            <p class="sentence">source-dns reads its history, and has asked no server yet. The names answer as before.</p>
            <p class="sentence">This page loads itself again every ${refreshSeconds} s. If it stays, see the log of source-dns.</p>
          </div>
        </section>
      </main>
    </body>
  </html>`;
