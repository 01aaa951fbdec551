/** `source-dns completion`: its form. */

import { didYouMean } from '../../suggest.ts';
import { type CommandForm, wrongUsage } from '../command-form.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;

export interface CompletionArguments {
  /** `names`: what the scripts ask for, and not a script. */
  readonly shell: (typeof shells)[number] | 'names';
}

export const completionForm: CommandForm<CompletionArguments> = {
  operands: [{ name: 'SHELL', required: true, oneOf: shells }],
  options: [],
  summary: 'Print the script that completes commands in a shell: bash, zsh, fish',
  details: [
    'The script completes commands, options, clusters and servers. For the names it runs',
    '"source-dns completion names", at most once a minute. That reads the configuration, without its',
    'secrets, and asks no server.',
  ],
  examples: [
    ['completion bash > /etc/bash_completion.d/source-dns', 'For all users of bash'],
    ['completion zsh > /usr/local/share/zsh/site-functions/_source-dns', 'For zsh'],
    ['completion fish > ~/.config/fish/completions/source-dns.fish', 'For fish'],
  ],
  exits: { 0: 'printed', 1: 'failed: the output cannot be written', 2: wrongUsage },
  build({ words: [word = ''] }) {
    const shell = [...shells, 'names' as const].find((known) => known === word);
    return shell === undefined
      ? `there is no completion for "${word}"${didYouMean(word, shells) || `; there is one for ${shells.join(', ')}`}`
      : { shell };
  },
};
