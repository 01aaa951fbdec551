/** The topology as a drawing: the name, its server, and where each server gets its data. Pure. */

import type { ClusterDocument } from '../http/documents.ts';
import { type Html, html } from './html.ts';
import {
  type Box,
  boxHeight,
  depthOfForest,
  type Edge,
  fewColumns,
  type Layout,
  layouts,
  type Placed,
} from './layout.ts';
import { serverAnchor, serverState, stateWords } from './server-words.ts';
import { besideName, sharedStart, shortened } from './short-name.ts';
import { lagWords } from './time-words.ts';
import type { Bundle, Forest, Link } from './topology.ts';
import { counted, plainName } from './verdict.ts';

/** What of a box is free for a name. */
const besideAlarms = 52;

/** The drawing needs the whole width of a page. */
export const isDeep = (forest: Forest): boolean => depthOfForest(forest) > fewColumns;

/** Both shapes; the style sheet shows the one that fits. */
export function topologyHtml(cluster: ClusterDocument, forest: Forest): Html {
  const drawn = layouts(forest);
  const numbers = new Map(cluster.servers.map(({ server }, index) => [server as string, index]));
  const shared = sharedStart(cluster.servers.map(({ server }) => server));
  return html`<div class="topology ${drawn.length === 1 ? 'only-list' : ''}">${drawn.map((layout) =>
    drawing(layout, cluster, { numbers, shared }),
  )}</div>`;
}

interface Names {
  readonly numbers: ReadonlyMap<string, number>;
  /** So many characters are the same in all of them. */
  readonly shared: number;
}

function drawing(layout: Layout, cluster: ClusterDocument, names: Names): Html {
  const { shape, width, height, apartAt } = layout;
  // Half a line of a frame would be cut off at the margin.
  const box = `-2 -2 ${width + 4} ${height + 4}`;
  return html`
    <svg class="drawing ${shape}" viewBox="${box}" width="${(width + 4) / 16}em" role="group" aria-label="${`Topology of ${cluster.cluster}`}">
      ${layout.edges.map((edge) => edgeHtml(edge, layout))}
      ${apartAt !== undefined && html`<text class="apart" x="${shape === 'columns' ? layout.secondColumn : 0}" y="${apartAt + 26}">${cluster.ledger ? 'Gets nothing from the source' : 'No server is published'}</text>`}
      ${nameBox(layout.name, cluster)}
      ${layout.boxes.map((placed) => placedHtml(placed, names))}
    </svg>`;
}

function nameBox({ x, y, width }: Box, { name, published, publications }: ClusterDocument): Html {
  const answer =
    published.length > 0 ? published.join(', ') : publications[0]?.ready ? 'answers nothing' : 'not read yet';
  return boxHtml({ x, y, width }, 'name', [
    html`<text class="id" x="16" y="25">${shortened(plainName(name ?? 'no name'), width)}</text>`,
    html`<text class="what" x="16" y="45">${shortened(answer, width)}</text>`,
  ]);
}

function placedHtml(placed: Placed, { numbers, shared }: Names): Html {
  const { tree, width } = placed;
  if (tree.kind === 'bundle') return bundleHtml(placed, tree);
  const { server, link } = tree;
  const alarms = server.alarms.length;
  const name = shortened(server.server, width, { beside: alarms > 0 ? besideAlarms : besideName, shared });
  const href = `#${serverAnchor(numbers.get(server.server) ?? 0)}`;
  return nodeHtml(placed, {
    href,
    kind: serverState(server),
    lines: [name, stateWords(server, link)],
    alarms,
    ...(name === server.server ? {} : { title: server.server }),
  });
}

function bundleHtml(placed: Placed, { servers, link }: Bundle): Html {
  const lags = servers.flatMap(({ lagSeconds }) => lagSeconds ?? []);
  const ill = servers.filter(({ alarms, contact }) => alarms.length > 0 || contact !== 'reachable').length;
  const behind = lags.length > 0 ? `, ${lagWords(Math.max(...lags))} behind at most` : '';
  return nodeHtml(placed, {
    href: '#servers',
    kind: link.state === 'streams' ? 'bundle' : 'late',
    lines: [
      counted(servers.length, 'more server'),
      ill > 0 ? `${ill} of them need a look` : `all follow${behind}`,
    ],
    alarms: 0,
  });
}

interface Node {
  readonly href: string;
  readonly kind: string;
  readonly lines: readonly [string, string];
  readonly alarms: number;
  /** The whole name, if it is too long for the box. */
  readonly title?: string;
}

function nodeHtml(box: Box, { href, kind, lines: [name, words], alarms, title }: Node): Html {
  const x = box.width - 20;
  // What is seen, word for word: a person may say it to the browser.
  const label = [name, words, ...(alarms > 0 ? [counted(alarms, 'alarm')] : [])].join(' ');
  return html`
    <a class="node" href="${href}" aria-label="${label}">
      ${boxHtml(box, kind, [
        title !== undefined && html`<title>${title}</title>`,
        html`<text class="id" x="16" y="25">${name}</text> `,
        html`<text class="what" x="16" y="45">${words}</text> `,
        alarms > 0 &&
          html`<g class="badge"><circle cx="${x}" cy="20" r="9"/><text x="${x}" y="24">${alarms}</text></g>`,
      ])}
    </a>`;
}

/** A nested `svg`, because it cuts off what is too long. */
const boxHtml = ({ x, y, width }: Box, kind: string, inside: readonly (Html | false)[]): Html => html`
  <svg class="box ${kind}" x="${x}" y="${y}" width="${width}" height="${boxHeight}">
    <rect class="card" x="1" y="1" width="${width - 2}" height="${boxHeight - 2}" rx="9"/>${inside}
  </svg>`;

function edgeHtml({ from, to }: Edge, { shape, name }: Layout): Html {
  const kind = from === name ? 'points' : linkClass(to.tree.link);
  const y = to.y + boxHeight / 2;
  const tip = to.x - 3;
  const path = shape === 'columns' ? curve(from, tip, y) : elbow(from, tip, y);
  return html`<g class="edge ${kind}"><path class="line" d="${path}"/><path class="flow" d="${path}"/><path class="tip" d="${`M${tip - 8} ${y - 5}L${tip} ${y}L${tip - 8} ${y + 5}Z`}"/></g>`;
}

const linkClass = (link: Link | null): string => link?.state ?? 'broken';

function curve(from: Box, x: number, y: number): string {
  const [startX, startY] = [from.x + from.width, from.y + boxHeight / 2];
  const bend = (x - startX) / 2;
  return `M${startX} ${startY}C${startX + bend} ${startY} ${x - 8 - bend} ${y} ${x - 7} ${y}`;
}

function elbow(from: Box, x: number, y: number): string {
  const startX = from.x + 8;
  return `M${startX} ${from.y + boxHeight}V${y - 6}Q${startX} ${y} ${startX + 6} ${y}H${Math.max(x - 7, startX + 6)}`;
}
