import { describe } from 'vitest';
import { replayed } from './replay.ts';
import { transcripts } from './told.ts';

describe('transcripts by subject: topologies, doubts, addresses, the situations of orchestrator', () =>
  replayed(transcripts.filter((path) => path.includes('/'))));
