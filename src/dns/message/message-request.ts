import type { UpdateRequest } from '../../ports.ts';
import type { UpdateMessage } from './update.ts';

/** As the port's UpdateRequest, with whatever RFC 2136 can say. */
export interface MessageRequest extends Omit<UpdateRequest, 'plan'> {
  readonly plan: UpdateMessage;
}
