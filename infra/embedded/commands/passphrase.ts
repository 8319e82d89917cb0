import { StringDecoder } from 'node:string_decoder'
import type { ReadStream } from 'node:tty'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import { RefusedError } from './command.ts'

/** A backup holds every key: its passphrase is all that stands before them (NIST SP 800-63B-4 asks for 15 characters). */
export const MIN_PASSPHRASE_CHARACTERS = 15
const VARIABLE = 'FLOW_VAULT_BACKUP_PASSPHRASE'

/** What keys send in raw mode. */
const ENTER = new Set(['\r', '\n'])
const GIVE_UP = new Set(['\x03', '\x04'])
const BACKSPACE = new Set(['\x7f', '\b'])

/** A terminal, or what stands in for one: the part of `process.stdin` that is needed. */
export type Terminal = Pick<ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>

/**
 * The passphrase out of FLOW_VAULT_BACKUP_PASSPHRASE or, without it, typed at a terminal and not shown. `isNew`
 * asks for it twice and refuses a short one. Throws `RefusedError` when there is neither.
 */
export async function readPassphrase(options: {
  env: Readonly<Record<string, string | undefined>>
  terminal: Terminal
  say(text: string): void
  isNew: boolean
}): Promise<SecretText> {
  const given = options.env[VARIABLE]
  const text = given ? given : await ask(options)
  if (options.isNew && [...text].length < MIN_PASSPHRASE_CHARACTERS) {
    throw new RefusedError(
      `The passphrase is too short. Allowed: ${MIN_PASSPHRASE_CHARACTERS} characters or more.`,
    )
  }
  return new SecretText(text)
}

async function ask({ terminal, say, isNew }: Parameters<typeof readPassphrase>[0]): Promise<string> {
  if (!terminal.isTTY) {
    throw new RefusedError(`There is no terminal to ask for the passphrase: put it into ${VARIABLE}.`)
  }
  say('Passphrase: ')
  const first = await readHidden(terminal)
  say('\n')
  if (!isNew) return first
  say('The same again: ')
  const second = await readHidden(terminal)
  say('\n')
  if (first !== second) throw new RefusedError('The two passphrases differ. Nothing was written.')
  return first
}

/** One line from a terminal in raw mode, which shows nothing of it. Control-C and control-D give up. */
function readHidden(terminal: Terminal): Promise<string> {
  return new Promise((resolve, reject) => {
    // A character of several bytes may come in two pieces.
    const decoder = new StringDecoder('utf8')
    let typed: string[] = []
    const end = (settle: () => void): void => {
      terminal.off('data', onData)
      terminal.setRawMode(false)
      terminal.pause()
      settle()
    }
    const onData = (data: Buffer): void => {
      for (const character of decoder.write(data)) {
        if (ENTER.has(character)) {
          end(() => resolve(typed.join('')))
          return
        }
        if (GIVE_UP.has(character)) {
          end(() => reject(new RefusedError('Given up. Nothing was written.')))
          return
        }
        typed = BACKSPACE.has(character) ? typed.slice(0, -1) : [...typed, character]
      }
    }
    terminal.setRawMode(true)
    terminal.on('data', onData)
    terminal.resume()
  })
}
