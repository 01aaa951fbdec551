/** The completion for zsh. Pure. */

import { type Completed, type CompletedOption, completedCommands, sharedOptions } from './completed-words.ts';

/** Inside of single quotes and of a specification of `_arguments`. */
const quoted = (text: string): string => text.replace(/[:[\]\\]/g, '\\$&').replaceAll("'", "'\\''");

function action(completed: Completed): string {
  switch (completed.kind) {
    case 'words':
      return `(${completed.words.join(' ')})`;
    case 'clusters':
      return '_source_dns_clusters';
    case 'servers':
      return '_source_dns_servers';
    case 'files':
      return '_files';
    case 'nothing':
      return ' ';
  }
}

function optionSpec({ name, short, text, value }: CompletedOption): string {
  const names = short === undefined ? `'${name}` : `'(${short} ${name})'{${short},${name}}'`;
  return value === undefined
    ? `${names}[${quoted(text)}]'`
    : `${names}=[${quoted(text)}]:${quoted(name.slice(2))}:${action(value)}'`;
}

const commandCase = ({ name, options, operands }: (typeof completedCommands)[number]): string => {
  const specs = [
    ...options.map(optionSpec),
    ...sharedOptions.map(optionSpec),
    ...operands.map((operand, index) => `'${index + 1}:${operand.kind}:${action(operand)}'`),
  ];
  return `    ${name})\n      _arguments ${specs.join(' \\\n        ')} ;;`;
};

/** The whole script. */
export const zshScript = (): string => `\
#compdef source-dns
# zsh completion for source-dns; made by: source-dns completion zsh

_source_dns_ask() { # asked for once a minute
  if [[ -z $_source_dns_asked_at || $_source_dns_asked_config != $_source_dns_config ]] ||
    (( SECONDS - _source_dns_asked_at >= 60 )); then
    typeset -g _source_dns_asked_at=\${SECONDS%.*} _source_dns_asked_config=$_source_dns_config
    typeset -ga _source_dns_asked
    local -a limit
    (( $+commands[timeout] )) && limit=(timeout 5)
    local -a asked=($limit source-dns)
    [[ -z $_source_dns_config ]] || asked+=(--config $_source_dns_config)
    _source_dns_asked=("\${(@f)$($asked completion names </dev/null 2>/dev/null)}")
  fi
}
_source_dns_clusters() {
  _source_dns_ask
  compadd -- \${_source_dns_asked:#* *}
}
_source_dns_servers() {
  _source_dns_ask
  local cluster=\${_source_dns_cluster:-$line[1]}
  compadd -- \${\${(M)_source_dns_asked:#$cluster *}#* }
}

_source_dns() {
  local curcontext=$curcontext state line
  local _source_dns_config= _source_dns_cluster=
  local -A opt_args
  typeset -a commands_of_source_dns
  commands_of_source_dns=(
${completedCommands.map(({ name, text }) => `    '${name}:${quoted(text)}'`).join('\n')}
  )
  _arguments -C ${sharedOptions.map(optionSpec).join(' \\\n    ')} \\
    '1:command:->command' '*::argument:->argument'
  _source_dns_config=\${opt_args[--config]}
  if [[ $state == command ]]; then
    _describe -t commands command commands_of_source_dns
    return
  fi
  case $line[1] in
${completedCommands.map(commandCase).join('\n')}
  esac
}

_source_dns "$@"
`;
