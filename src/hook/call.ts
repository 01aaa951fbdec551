/** The command line of `source-dns hook`: our own words, and those of the tool. */

import { didYouMean } from '../suggest.ts';
import { type HookCall, type HookReading, type HookTool, hookTools } from './claim.ts';
import { told } from './words.ts';

export type HookLine =
  | { readonly kind: 'call'; readonly call: HookCall; readonly json: boolean; readonly config?: string }
  | { readonly kind: 'wrong'; readonly sentence: string; readonly json: boolean; readonly call?: HookCall };

/** Options of ours that take a value. They may stand anywhere: MHA appends its own words. */
const ours = ['config', 'cluster'] as const;

interface Surroundings {
  readonly env: HookCall['env'];
  readonly host: string;
}

/** Reads `[--config F] [--json] hook TOOL ...`; undefined: another command, or its help. */
export function readHookLine(argv: readonly string[], { env, host }: Surroundings): HookLine | undefined {
  const values = new Map<string, string>();
  const words: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const name = ours.find((option) => word === `--${option}` || word.startsWith(`--${option}=`));
    if (name === undefined) {
      if (word !== '--json') words.push(word);
    } else if (word.includes('=')) values.set(name, word.slice(word.indexOf('=') + 1));
    else {
      at += 1;
      values.set(name, argv[at] ?? '');
    }
  }
  const [command, named, ...rest] = words;
  if (command !== 'hook' || named === undefined || [named, ...rest].some(isHelp)) return undefined;
  const json = argv.includes('--json');
  const tool = hookTools.find((known) => known === named);
  if (tool === undefined)
    return {
      kind: 'wrong',
      json,
      sentence: `there is no hook "${told(named)}"${didYouMean(named, hookTools) || `; there are: ${hookTools.join(', ')}`}`,
    };
  const cluster = values.get('cluster');
  const call = { tool, words: rest, env, host, ...(cluster ? { cluster } : {}) };
  const config = values.get('config');
  if (config === '') return { kind: 'wrong', json, sentence: '--config needs a value', call };
  return { kind: 'call', call, json, ...(config === undefined ? {} : { config }) };
}

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

type Reader = (call: HookCall) => HookReading;

const mha = async (): Promise<Reader> => (await import('./mha.ts')).readMha;

/** Only the reader of the calling tool is loaded. */
const readers: Readonly<Record<HookTool, () => Promise<Reader>>> = {
  orchestrator: async () => (await import('./orchestrator.ts')).readOrchestrator,
  mha,
  'mha-online': mha,
  'replication-manager': async () => (await import('./repman.ts')).readReplicationManager,
  maxscale: async () => (await import('./maxscale.ts')).readMaxscale,
};

/** What the tool says. */
export async function readCall(call: HookCall): Promise<HookReading> {
  const read = await readers[call.tool]();
  return read(call);
}
