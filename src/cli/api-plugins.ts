/** The rooms that add routes to the API of the daemon. */

import type { ApiPlugin } from '../http/route.ts';
import { metricsRoute } from '../metrics/route.ts';
import { statusPage } from '../page/plugin.ts';

export const apiPlugins: readonly ApiPlugin[] = [metricsRoute, statusPage()];
