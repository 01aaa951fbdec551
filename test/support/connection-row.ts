/** A row of the list of connections, as a server shows it to the account that fences. */

import type { TextRow } from './false-mysqld.ts';

/** By default an idle client. */
export const connectionRow = (id: number, cells: TextRow = {}): TextRow => ({
  id: String(id),
  user: 'app',
  host: '10.0.0.1:4711',
  command: 'Sleep',
  seconds: '1',
  state: '',
  ...cells,
});
