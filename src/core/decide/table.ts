/** The decision table: the first rule that applies decides (docs/DECISIONS.md). Rule 7 is candidates.ts. */

import type { Decision } from '../model/decision.ts';
import { announced, commanded } from './rules/commanded.ts';
import { doubt } from './rules/doubt.ts';
import { failover } from './rules/failover.ts';
import { firstSource } from './rules/first-source.ts';
import { followersMoved } from './rules/followers-moved.ts';
import { foreignLedger, foreignRrset } from './rules/foreign-ledger.ts';
import { frozen } from './rules/frozen.ts';
import { groupAgrees } from './rules/group-agrees.ts';
import { lostLedger } from './rules/lost-ledger.ts';
import { publishedIsCandidate } from './rules/published-is-candidate.ts';
import { switchover } from './rules/switchover.ts';
import { unknownSource } from './rules/unknown-source.ts';
import { unreadableLedger } from './rules/unreadable-ledger.ts';
import type { Situation } from './situation.ts';

/** Where the name shall point, or why it stays. guard.ts may still stop a move. */
export const decide = (situation: Situation): Decision =>
  unreadableLedger(situation) ?? // 1
  foreignLedger(situation) ?? // 2
  foreignRrset(situation) ??
  lostLedger(situation) ??
  frozen(situation) ?? // 3
  commanded(situation) ?? // 4
  announced(situation) ??
  firstSource(situation) ?? // 5
  unknownSource(situation) ?? // 6
  groupAgrees(situation) ?? // 8
  followersMoved(situation) ?? // 9
  publishedIsCandidate(situation) ?? // 10
  switchover(situation) ?? // 11
  failover(situation) ?? // 12
  doubt(situation); // 13
