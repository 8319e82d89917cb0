import type { Command } from './cli-command.ts'
import { CliError } from './cli-error.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

/** The script that completes commands and options in a shell, made from the table. Throws for another shell. */
export function completionScript(shell: string, commands: readonly Command[]): string {
  const words = new Map<string, Set<string>>()
  const add = (before: string, word: string): void => {
    const known = words.get(before) ?? new Set<string>()
    words.set(before, known.add(word))
  }
  for (const { name, options = [] } of commands) {
    name.forEach((word, index) => {
      add(name.slice(0, index).join(' '), word)
    })
    for (const { flags } of options) add(name.join(' '), /--[a-z-]+/.exec(flags)?.[0] ?? '')
  }
  const cases = [...words].map(([before, after]) => ({ before, after: [...after].filter(Boolean).join(' ') }))
  if (shell === 'fish')
    return cases
      .map(
        ({ before, after }) =>
          `complete -c flow-vault -f -n 'test (string join " " (commandline -opc)[2..-1]) = "${before}"' -a '${after}'\n`,
      )
      .join('')
  const bash = `_flow_vault() {
  local before="\${COMP_WORDS[*]:1:COMP_CWORD-1}"
  case "$before" in
${cases.map(({ before, after }) => `    "${before}") COMPREPLY=( $(compgen -W "${after}" -- "\${COMP_WORDS[COMP_CWORD]}") ) ;;`).join('\n')}
  esac
}
complete -F _flow_vault flow-vault
`
  if (shell === 'bash') return bash
  if (shell === 'zsh') return `autoload -U +X bashcompinit && bashcompinit\n${bash}`
  throw new CliError(`There is completion for ${SHELLS.join(', ')}, and none for "${shell}".`)
}
