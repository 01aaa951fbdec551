/** The completion for fish. Pure. */

import {
  type Completed,
  type CompletedOption,
  completedCommands,
  optionsWithValue,
  sharedOptions,
} from './completed-words.ts';

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** The flags that complete a value or an operand. */
function values(completed: Completed): string {
  switch (completed.kind) {
    case 'words':
      return `-x -a ${quoted(completed.words.join(' '))}`;
    case 'clusters':
      return `-x -a '(__source_dns_names clusters)'`;
    case 'servers':
      return `-x -a '(__source_dns_names servers)'`;
    case 'files':
      return '-r -F';
    case 'nothing':
      return '-x';
  }
}

function optionLine({ name, short, text, value }: CompletedOption, condition: string): string {
  const letters = short === undefined ? '' : ` -s ${short.slice(1)}`;
  const valueFlags = value === undefined ? '' : ` ${values(value)}`;
  return `complete -c source-dns${condition} -l ${name.slice(2)}${letters}${valueFlags} -d ${quoted(text)}`;
}

const commandLines = ({
  name,
  text,
  options,
  operands,
}: (typeof completedCommands)[number]): readonly string[] => [
  `complete -c source-dns -n __fish_use_subcommand -a ${name} -d ${quoted(text)}`,
  ...options.map((option) => optionLine(option, ` -n '__fish_seen_subcommand_from ${name}'`)),
  ...operands.map(
    (operand, index) =>
      `complete -c source-dns -n '__source_dns_at ${name} ${index}' ${values(operand).replace(/^-[xr] ?/, '')}`,
  ),
];

/** The whole script. */
export const fishScript = (): string => `\
# fish completion for source-dns; made by: source-dns completion fish

function __source_dns_words # the command and its operands, without options
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word ${optionsWithValue.join(' ')}
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

function __source_dns_at # command, how many operands there are before
    set -l words (__source_dns_words)
    test (count $words) = (math $argv[2] + 1); and test "$words[1]" = $argv[1]
end

function __source_dns_names # clusters | servers: asked for once a minute
    set -l now (date +%s)
    if not set -q __source_dns_asked_at; or test (math $now - $__source_dns_asked_at) -ge 60
        set -g __source_dns_asked_at $now
        set -l limit
        type -q timeout; and set limit timeout 5
        set -g __source_dns_asked ($limit source-dns completion names </dev/null 2>/dev/null)
    end
    set -l cluster (__source_dns_words)[2]
    for line in $__source_dns_asked
        set -l parts (string split ' ' -- $line)
        if test $argv[1] = clusters; and test (count $parts) = 1
            echo $parts[1]
        else if test $argv[1] = servers; and test (count $parts) = 2; and test "$parts[1]" = "$cluster"
            echo $parts[2]
        end
    end
end

complete -c source-dns -f
${sharedOptions.map((option) => optionLine(option, '')).join('\n')}
${completedCommands.flatMap(commandLines).join('\n')}
`;
