/** Gets the answers to questions: from flags, from a person, or from the defaults. */

import { type Answers, problemText, type Question } from '../../setup/questions.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Prompter } from './prompter.ts';

export interface Asking {
  /** What was given by flags, as typed; a repeated flag with commas. */
  readonly given: Answers;
  /** Undefined: nobody can be asked. */
  readonly prompter: Prompter | undefined;
  /** `--yes`: defaults are taken. */
  readonly yes: boolean;
  say(text: string): void;
  /** The files that are there before the last question: of a new account. */
  readonly early: EarlyFiles;
}

export interface EarlyFiles {
  /** By this run. */
  written: readonly string[];
  /** By an earlier run. */
  used: readonly string[];
}

/** What is there where the command ends early: a sentence. */
export function endText({ early: { written, used } }: Asking): string {
  if (written.length > 0)
    return `Only ${written.join(' and ')} ${written.length > 1 ? 'were' : 'was'} written.`;
  return used.length > 0
    ? `Nothing new was written: ${used.join(' and ')} ${used.length > 1 ? 'are' : 'is'} from an earlier run.`
    : 'Nothing was written.';
}

/** The end of the command before its files are written; the reason was said. */
export interface Stopped {
  readonly kind: 'stopped';
  readonly exit: ExitCode;
}

export type Answered = { readonly kind: 'answered'; readonly answers: Answers } | Stopped;

export const stopped = (exit: ExitCode): Stopped => ({ kind: 'stopped', exit });

/** Asks one after the other; the answers are added to `before`. */
export async function askAll(
  asking: Asking,
  questions: readonly Question[],
  before: Answers,
): Promise<Answered> {
  const answers = new Map(before);
  for (const question of questions) {
    if (question.when?.(answers) === false) continue;
    const answer = await askOne(asking, question, answers);
    if (typeof answer !== 'string') return answer;
    answers.set(question.flag, answer);
  }
  return { kind: 'answered', answers };
}

async function askOne(asking: Asking, question: Question, answers: Answers): Promise<string | Stopped> {
  const { given, prompter, yes, say } = asking;
  const flag = given.get(question.flag);
  if (flag !== undefined) return judged(asking, question, flag, answers);
  const fallback = question.fallback?.(answers);
  if (yes && fallback !== undefined) {
    say(`${question.text}: ${fallback}\n`);
    return judged(asking, question, fallback, answers);
  }
  if (prompter === undefined) {
    say(missingText([question], answers));
    return stopped(exitCodes.usage);
  }
  return askPerson(asking, prompter, question, answers);
}

function judged(
  { say }: Asking,
  { flag, check }: Question,
  text: string,
  answers: Answers,
): string | Stopped {
  const parsed = checked(check, text, answers);
  if (parsed.kind === 'parsed') return parsed.value;
  say(`--${flag}: ${problemText(parsed.problem, text)}\n`);
  return stopped(exitCodes.usage);
}

/** No answer has a control character: it would end a line of a file. */
const checked = (check: Question['check'], text: string, answers: Answers): ReturnType<Question['check']> =>
  /\p{Cc}/u.test(text.trim())
    ? { kind: 'wrong', problem: '{value} has a control character' }
    : check(text.trim(), answers);

async function askPerson(
  asking: Asking,
  prompter: Prompter,
  question: Question,
  answers: Answers,
): Promise<string | Stopped> {
  const { say } = asking;
  const fallback = question.fallback?.(answers);
  say(`\n${question.text}\n  ${question.why}\n`);
  for (;;) {
    const line = await prompter.line(fallback === undefined ? '> ' : `[${fallback}] > `);
    if (line === undefined) return endOfInput(asking);
    const text = line.trim() === '' ? fallback : line;
    if (text === undefined) {
      say('  There is no default: this needs an answer.\n');
      continue;
    }
    const parsed = checked(question.check, text, answers);
    if (parsed.kind === 'parsed') return parsed.value;
    say(`  ${problemText(parsed.problem, text.trim())}\n`);
  }
}

export function endOfInput(asking: Asking): Stopped {
  asking.say(`\nThe input has ended before the last question. ${endText(asking)}\n`);
  return stopped(exitCodes.failed);
}

/** For a script: every flag that is missing, at once. */
export function missingText(questions: readonly Question[], answers: Answers): string {
  const flags = questions.map(({ flag }) => `--${flag}`).join(', ');
  const areDefaults = questions.every((question) => question.fallback?.(answers) !== undefined);
  const many = questions.length > 1;
  return `standard input is not a terminal, so nobody can be asked: add ${flags}${areDefaults ? `, or --yes, which takes the default${many ? 's' : ''}` : ''}\n`;
}
