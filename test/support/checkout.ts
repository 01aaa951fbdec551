/** Finds the checkout, and reads its files. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root folder of the checkout, as an absolute path. */
export const root = join(import.meta.dirname, '..', '..');

/** The text of one file. Its path begins at the root, e.g. `docs/DNS.md`. */
export const textOfFile = (path: string): string => readFileSync(join(root, path), 'utf8');
