/** Adapters that tell when an update leaves: who gives up must know whether something may still happen. */

import type { AdapterMaker } from '../daemon/adapters.ts';
import type { ZoneClient } from '../ports.ts';

/** The same adapters; `onSend` is called before an update is given to a nameserver. */
export const notingUpdates = (maker: AdapterMaker, onSend: () => void): AdapterMaker => ({
  prober: (cluster) => maker.prober(cluster),
  async zoneClient(nameserver, onWarning) {
    const made = await maker.zoneClient(nameserver, onWarning);
    return made.kind === 'opened' ? { ...made, client: noting(made.client, onSend) } : made;
  },
});

const noting = (client: ZoneClient, onSend: () => void): ZoneClient => ({
  read: (request) => client.read(request),
  update(request) {
    onSend();
    return client.update(request);
  },
  propagation: (request) => client.propagation(request),
  inspectRefusal: (request) => client.inspectRefusal(request),
  close: () => client.close(),
});
