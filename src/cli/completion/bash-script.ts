/**
 * The completion for bash 3.2 and later; it needs no bash-completion package. It runs only the `source-dns` of
 * `$PATH`, never a file that happens to have this name in the working directory. Pure.
 */

import { type Completed, completedCommands, optionsWithValue, sharedOptions } from './completed-words.ts';

/** What the shell runs to complete one place. */
function action(completed: Completed): string {
  switch (completed.kind) {
    case 'words':
      return `_source_dns_words "${completed.words.join(' ')}"`;
    case 'clusters':
      return '_source_dns_ask; _source_dns_words "$(_source_dns_names clusters)"';
    case 'servers':
      return '_source_dns_ask; _source_dns_words "$(_source_dns_names servers)"';
    case 'files':
      return '_source_dns_files';
    case 'nothing':
      return ':';
  }
}

const cases = (rows: readonly (readonly [pattern: string, action: string])[], indent: string): string =>
  rows.map(([pattern, run]) => `${indent}${pattern}) ${run} ;;`).join('\n');

const valueCases = (): string =>
  cases(
    [
      ...sharedOptions.flatMap(({ name, value }) => (value ? [[`*:${name}`, action(value)] as const] : [])),
      ...completedCommands.flatMap((command) =>
        command.options.flatMap(({ name, value }) =>
          value ? [[`${command.name}:${name}`, action(value)] as const] : [],
        ),
      ),
    ],
    '    ',
  );

const operandCases = (): string =>
  cases(
    completedCommands.flatMap(({ name, operands }) =>
      operands.map((operand, index) => [`${name}:${index}`, action(operand)] as const),
    ),
    '    ',
  );

const optionCases = (): string =>
  cases(
    completedCommands.map(({ name, options }) => [
      name,
      `echo "${options.map((option) => option.name).join(' ')}"`,
    ]),
    '    ',
  );

/** The whole script. */
export const bashScript = (): string => `\
# bash completion for source-dns; made by: source-dns completion bash

_source_dns_ask() { # at most once a minute; not in a subshell, which would forget the answer
  if [ "$_source_dns_config" != "\${_source_dns_asked_config-}" ] ||
    [ -z "\${_source_dns_asked_at-}" ] || [ $((SECONDS - _source_dns_asked_at)) -ge 60 ]; then
    _source_dns_asked_at=$SECONDS
    _source_dns_asked_config=$_source_dns_config
    local limit=; type timeout >/dev/null 2>&1 && limit='timeout 5'
    _source_dns_asked=$($limit source-dns \${_source_dns_config:+--config "$_source_dns_config"} \\
      completion names </dev/null 2>/dev/null)
  fi
}

_source_dns_names() { # clusters | servers
  local cluster server
  while read -r cluster server; do
    case $1 in
      clusters) [ -n "$server" ] || echo "$cluster" ;;
      servers) [ -z "$server" ] || [ "$cluster" != "$_source_dns_cluster" ] || echo "$server" ;;
    esac
  done <<<"$_source_dns_asked"
}

_source_dns_reply() { # takes over what bash does not replace: it breaks words at : and =
  local word cut=
  case $COMP_WORDBREAKS in *:*) case $_source_dns_cur in *:*) cut=\${_source_dns_cur%"\${_source_dns_cur##*:}"} ;; esac ;; esac
  COMPREPLY=()
  while IFS= read -r word; do
    [ -z "$word" ] || COMPREPLY+=("\${word#"$cut"}")
  done
}
_source_dns_words() { _source_dns_reply < <(compgen -W "$1" -- "$_source_dns_cur"); }
_source_dns_files() {
  type compopt >/dev/null 2>&1 && compopt -o filenames 2>/dev/null
  _source_dns_reply < <(compgen -f -- "$_source_dns_cur")
}

_source_dns_value() { # command, option
  case $1:$2 in
${valueCases()}
  esac
}

_source_dns_operand() { # command, how many there are before
  case $1:$2 in
${operandCases()}
  esac
}

_source_dns_options() { # command
  case $1 in
${optionCases()}
  esac
}

_source_dns() {
  local line=\${COMP_LINE:0:COMP_POINT} word option= command= count=0 i
  local _source_dns_cur= _source_dns_cluster= _source_dns_config= IFS=$' \\t\\n'
  local words quoted=$'^([^"\\']*)("[^"]*"|\\'[^\\']*\\')(.*)$'
  while [[ $line =~ $quoted ]]; do line=\${BASH_REMATCH[1]}_\${BASH_REMATCH[3]}; done
  read -ra words <<<"$line"
  case $line in *[[:space:]]) words+=('') ;; esac
  local last=$((\${#words[@]} - 1))
  _source_dns_cur=\${words[last]}
  COMPREPLY=()
  for ((i = 1; i < last; i++)); do
    word=\${words[i]}
    if [ "$option" = --config ]; then _source_dns_config=$word; fi
    if [ -n "$option" ]; then option=; continue; fi
    case $word in
      --config=*) _source_dns_config=\${word#*=} ;;
      ${optionsWithValue.join(' | ')}) option=$word ;;
      -*) ;;
      *)
        if [ -z "$command" ]; then command=$word; else
          [ "$count" -gt 0 ] || _source_dns_cluster=$word
          count=$((count + 1))
        fi
        ;;
    esac
  done
  if [ -n "$option" ]; then
    _source_dns_value "$command" "$option"
    return
  fi
  case $_source_dns_cur in
    --*=*)
      option=\${_source_dns_cur%%=*}
      _source_dns_cur=\${_source_dns_cur#*=}
      _source_dns_value "$command" "$option"
      ;;
    -*) _source_dns_words "$(_source_dns_options "$command") ${sharedOptions.map(({ name }) => name).join(' ')}" ;;
    *)
      if [ -z "$command" ]; then
        _source_dns_words "${completedCommands.map(({ name }) => name).join(' ')} help"
      elif [ "$command" = help ]; then
        _source_dns_words "${completedCommands.map(({ name }) => name).join(' ')}"
      else
        _source_dns_operand "$command" "$count"
      fi
      ;;
  esac
}

complete -F _source_dns source-dns
`;
