/** The rooms that add routes to the API of the daemon. */

import type { ApiPlugin } from '../http/route.ts';

export const apiPlugins: readonly ApiPlugin[] = [];
