/** A prober that only answers probes: no address, no glance, and no connection that is lost. */

import type { ServerProber } from '../../src/ports.ts';
import { silent } from './given.ts';

/** `over`: what else it does. */
export const quietProber = (
  probe: ServerProber['probe'],
  over: Partial<ServerProber> = {},
): ServerProber => ({
  probe,
  probeAt: async () => silent,
  renew: () => {},
  resolve: async () => ({ kind: 'addresses', addresses: [] }),
  release: () => {},
  onConnectionLost: () => {},
  watch: () => {},
  onGlanceDiffers: () => {},
  close: async () => {},
  ...over,
});
