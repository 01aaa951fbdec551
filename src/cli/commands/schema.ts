/** `source-dns schema`: its form. */

import type { CommandForm } from '../command-form.ts';
import type { NoArguments } from './operands.ts';

export const schemaForm: CommandForm<NoArguments> = {
  operands: [],
  options: [],
  needsNoConfiguration: true,
  summary: "Print the configuration's JSON Schema, for editors",
  details: [
    'Needs no configuration. In an editor with the YAML language server, begin the file with',
    '# yaml-language-server: $schema=./source-dns.schema.json',
  ],
  examples: [['schema > source-dns.schema.json', 'Where the line above finds it']],
  exits: { 0: 'printed', 1: 'failed: the output cannot be written', 2: 'wrong usage' },
  build: () => ({}),
};
