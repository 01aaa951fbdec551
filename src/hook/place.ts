/** Reads the servers in a tool's arguments: each tool spells them in its own way. Pure. */

import type { Place } from './claim.ts';

/** `{successorHost}`, `$INITIATOR`: the tool did not fill it in. */
const placeholder = /\{[A-Za-z]+\}|^\$[A-Z]+$/;

/** The placeholder that a tool left in a text; undefined: there is none. */
export const placeholderIn = (text: string): string | undefined => placeholder.exec(text)?.[0];

/**
 * Reads `host`, `host:port`, `[host]:port`, a bare or bracketed IPv6 address; the port may come separately.
 * Undefined: the text is empty, or names no server.
 */
export function placeOf(text: string | undefined, portText?: string): Place | undefined {
  const trimmed = (text ?? '').trim();
  // A text with several colons and without brackets is an IPv6 address, and has no port.
  const match = /^\[([^\]]*)\](?::(\d+))?$/.exec(trimmed) ?? /^([^:[\]]+)(?::(\d+))?$/.exec(trimmed);
  const bare = match?.[1] ?? trimmed;
  const host = bare.toLowerCase().replace(/\.$/, '');
  if (!/^[a-z0-9_.:-]{1,255}$/.test(host)) return undefined;
  const port = portOf(match?.[2]) ?? portOf(portText);
  return port === undefined ? { host } : { host, port };
}

function portOf(text: string | undefined): number | undefined {
  const port = /^\s*(\d{1,5})\s*$/.exec(text ?? '')?.[1];
  const value = Number(port ?? 0);
  return value > 0 && value < 65_536 ? value : undefined;
}

/** The places that could be read, each once. */
export const placesOf = (...places: readonly (Place | undefined)[]): readonly Place[] =>
  places.filter(
    (place, index): place is Place =>
      place !== undefined &&
      !places.slice(0, index).some((other) => other?.host === place.host && other.port === place.port),
  );

/** `host:port`, for a sentence. */
export const placeText = ({ host, port }: Place): string => {
  const shown = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? shown : `${shown}:${port}`;
};
