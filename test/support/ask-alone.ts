/** Answers the statements of a train one by one, for tests in which one function is the server. */

import type { Answer } from '../../src/mysql/answer/query-set.ts';
import type { AskTogether } from '../../src/mysql/connection/ask.ts';

export const eachAlone =
  (query: (sql: string) => Answer | Promise<Answer>): AskTogether =>
  async (texts) => {
    const answers: Answer[] = [];
    for (const { sql } of texts) answers.push(await query(sql));
    return answers;
  };
