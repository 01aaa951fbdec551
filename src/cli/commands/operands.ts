/** Operands and options that several commands take, and what can be wrong with them. Pure. */

import { parseHostPort } from '../../config/server-address.ts';
import type { Given, OptionForm } from '../command-form.ts';

/** The ledger keeps `frozen=<by>: <reason>` in one character-string of 255 bytes. */
const longestReasonBytes = 150;

/** A command without arguments of its own. */
export type NoArguments = Readonly<Record<never, never>>;

export interface ClusterArgument {
  readonly cluster: string;
}

export interface OptionalCluster {
  readonly cluster?: string;
}

export const clusterIfGiven = ({ words: [cluster] }: Given): OptionalCluster =>
  cluster === undefined ? {} : { cluster };

export const reasonOption = (text: string): OptionForm => ({ name: 'reason', value: 'TEXT', text });

/** The reason, or what is wrong with it. */
export function reasonIfGiven(given: Given): { readonly reason?: string } | string {
  const reason = given.value('reason');
  if (reason === undefined) return {};
  if (/\p{Cc}/u.test(reason)) return 'the reason must be one line, without control characters';
  const bytes = new TextEncoder().encode(reason).length;
  return bytes > longestReasonBytes
    ? `the reason is too long: ${bytes} bytes, at most ${longestReasonBytes} fit into the ledger`
    : { reason };
}

/** What is wrong with a server as typed. */
export function serverProblem(server: string): string | undefined {
  const address = parseHostPort(server, 3306);
  return address.kind === 'wrong' ? address.problem.replaceAll('{value}', `"${server}"`) : undefined;
}
