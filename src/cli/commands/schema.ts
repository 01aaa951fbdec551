/** `source-dns schema`: its form. */

import { didYouMean } from '../../suggest.ts';
import type { CommandForm } from '../command-form.ts';
import { type DocumentName, documentNames } from '../shapes/document-names.ts';
import { wrapped } from '../wrap.ts';

export interface SchemaArguments {
  /** What a command prints with `--json`; absent: the configuration. */
  readonly of?: DocumentName | 'openapi';
}

const names = [...documentNames, 'openapi'] as const;

export const schemaForm: CommandForm<SchemaArguments> = {
  operands: [],
  options: [
    {
      name: 'of',
      value: 'DOCUMENT',
      oneOf: names,
      text: 'Of what a command prints with --json, and not of the configuration',
    },
  ],
  needsNoConfiguration: true,
  summary: "Print the configuration's JSON Schema, for editors",
  details: [
    'Needs no configuration. In an editor with the YAML language server, begin the file with',
    '# yaml-language-server: $schema=./source-dns.schema.json',
    'A DOCUMENT is one of these (a problem is what every command prints that cannot do its work; run, lab',
    'and lab-list print one object per line; openapi is the OpenAPI document of the HTTP API):',
    ...wrapped(`${names.join(', ')}.`, 98).split('\n'),
  ],
  examples: [
    ['schema > source-dns.schema.json', 'Where the line above finds it'],
    ['schema --of status', 'The fields of source-dns status --json'],
    ['schema --of openapi > source-dns.openapi.json', 'The routes of the HTTP API'],
  ],
  exits: { 0: 'printed', 1: 'failed: the output cannot be written', 2: 'wrong usage' },
  build(given) {
    const of = given.value('of');
    if (of === undefined) return {};
    const known = names.find((name) => name === of);
    return known === undefined
      ? `there is no document "${of}"${didYouMean(of, names) || `; there are ${names.join(', ')}`}`
      : { of: known };
  },
};
