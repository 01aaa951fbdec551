/** How much memory the JavaScript heap takes beyond what is in use. See docs/decisions/034. */

import { setFlagsFromString } from 'node:v8';

/**
 * Each probe leaves something that nobody uses any more. By default V8 lets the heap grow to four times what
 * is in use before it looks for that.
 */
export const heapOption = '--heap-growing-percent';
const mostUnusedPercent = 75;

/** For the whole process, from the next full collection on. */
export const boundHeap = (): void => setFlagsFromString(`${heapOption}=${mostUnusedPercent}`);
