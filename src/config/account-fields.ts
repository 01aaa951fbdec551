/** A MySQL account: its user, and its password or the file that holds it. */

import { z } from 'zod';
import { filePath } from './fields.ts';

interface ExampleAccount {
  readonly user: string;
  readonly password_file: string;
}

export const accountFields = (description: string, example: ExampleAccount) => ({
  user: z
    .string()
    .min(1)
    .max(32)
    .meta({ description, examples: [example.user] }),
  password: z.string().min(1).max(4096).optional().meta({
    description: `The password of the account; better: \${NAME} from the environment, or password_file`,
  }),
  password_file: filePath('A file that holds the password', example.password_file).optional(),
});

interface Password {
  readonly password?: string | undefined;
  readonly password_file?: string | undefined;
}

/** `variable`: of the environment, for the proposal. */
export function checkPassword(
  { password, password_file }: Password,
  proposal: { readonly file: string; readonly variable: string },
  fail: (message: string, ...at: string[]) => void,
): void {
  if (password !== undefined && password_file !== undefined)
    fail('cannot be used together with password; remove one of the two', 'password_file');
  if (password === undefined && password_file === undefined)
    fail(`has no password; write "password_file: ${proposal.file}" or "password: \${${proposal.variable}}"`);
}
