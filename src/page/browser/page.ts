/** The script of the status page. Without it the page says the same, but does not update itself. */

import { offerActions } from './act.js';
import { keepFresh } from './live.js';
import { searchAsTyped } from './search.js';

const refresh = keepFresh();
searchAsTyped(refresh);
offerActions(refresh);
