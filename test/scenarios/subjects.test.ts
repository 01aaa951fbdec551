/** Plays the transcripts of the folders that docs/SITUATIONS.md covers. */

import { describe } from 'vitest';
import { replayed } from './player/replay.ts';
import { isSituation, transcripts } from './player/told.ts';

describe('transcripts by subject: topologies, doubts, addresses, the situations of orchestrator', () =>
  replayed(transcripts.filter(isSituation)));
