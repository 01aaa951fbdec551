/** The script of the status page. Without it the page says the same, but does not update itself. */

import { offerActions } from './act.ts';
import { keepFresh } from './live.ts';
import { searchAsTyped } from './search.ts';

const refresh = keepFresh();
searchAsTyped(refresh);
offerActions(refresh);
