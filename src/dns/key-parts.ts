/** The three parts of a TSIG key as any kind of key file writes them. Pure; throws KeyFault. */
import type { Fqdn } from '../core/units.ts';
import { invalid } from './key-fault.ts';
import { parseFqdn } from './name.ts';
import { TSIG_ALGORITHMS, type TsigAlgorithm, tsigAlgorithm } from './tsig.ts';

/** The key's name. */
export function keyNameOf(text: string, line: number): Fqdn {
  const name = parseFqdn(text);
  // Not the name's text: someone may have mixed up the name and the secret.
  if (name.kind === 'invalid') throw invalid(line, "the key's name is no domain name");
  return name.name;
}

/** The algorithm by its name, in any case. */
export function algorithmOf(text: string, line: number): TsigAlgorithm {
  const algorithm = tsigAlgorithm(text);
  if (algorithm === undefined) throw invalid(line, `the algorithm is not one of ${TSIG_ALGORITHMS.join(', ')}`);
  return algorithm;
}

/** The secret's bytes out of base64, which has no space in it. */
export function secretOf(text: string, line: number): Buffer {
  // Buffer.from skips what is no base64; a key that lost a character so would only show as BADSIG.
  const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  if (text === '' || !base64.test(text)) throw invalid(line, 'the secret is not base64');
  return Buffer.from(text, 'base64');
}
