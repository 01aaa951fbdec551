/** All commands, in the order of the help. A new one is a line here and a line in src/program.ts. */

import type { ArgumentsOf, CommandForm } from './command-form.ts';
import { adviseForm } from './commands/advise.ts';
import { checkForm } from './commands/check.ts';
import { completionForm } from './commands/completion.ts';
import { explainForm } from './commands/explain.ts';
import { followForm } from './commands/follow.ts';
import { forgetForm } from './commands/forget.ts';
import { freezeForm } from './commands/freeze.ts';
import { historyForm } from './commands/history.ts';
import { hookForm } from './commands/hook.ts';
import { initForm } from './commands/init.ts';
import { labForm } from './commands/lab.ts';
import { runForm } from './commands/run.ts';
import { schemaForm } from './commands/schema.ts';
import { statusForm } from './commands/status.ts';
import { thawForm } from './commands/thaw.ts';

const forms = {
  run: runForm,
  status: statusForm,
  explain: explainForm,
  advise: adviseForm,
  check: checkForm,
  follow: followForm,
  freeze: freezeForm,
  thaw: thawForm,
  forget: forgetForm,
  history: historyForm,
  hook: hookForm,
  init: initForm,
  schema: schemaForm,
  completion: completionForm,
  lab: labForm,
};

export type CommandName = keyof typeof forms;

/** The arguments of each command. */
export type CommandArguments = { [Name in CommandName]: ArgumentsOf<(typeof forms)[Name]> };

/** A command with its arguments. */
export type Command<Name extends CommandName = CommandName> = {
  [Each in Name]: { readonly name: Each } & CommandArguments[Each];
}[Name];

export const commandNames = Object.keys(forms) as readonly CommandName[];

export const formOf = (name: CommandName): CommandForm<unknown> => forms[name];
