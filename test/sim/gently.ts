/** This worker and its processes compute only while nobody else wants to: real servers run beside them. */

import { constants, setPriority } from 'node:os';

setPriority(constants.priority.PRIORITY_LOW);
