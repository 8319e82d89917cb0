import { EventEmitter } from 'node:events'
import { RefusedError } from '../../../../infra/embedded/commands/command.ts'
import { readPassphrase, type Terminal } from '../../../../infra/embedded/commands/passphrase.ts'

const LONG = 'long enough to pass'

/** A terminal that types these lines, byte by byte, as soon as it is read in raw mode. */
class TypingTerminal extends EventEmitter {
  readonly isTTY: boolean
  readonly modes: boolean[] = []
  readonly #lines: Buffer[]

  constructor(lines: readonly string[], isTTY = true) {
    super()
    this.#lines = lines.map((line) => Buffer.from(line))
    this.isTTY = isTTY
  }

  setRawMode(mode: boolean): this {
    this.modes.push(mode)
    return this
  }

  resume(): this {
    const line = this.#lines.shift() ?? Buffer.from('')
    setImmediate(() => {
      for (const byte of line) this.emit('data', Buffer.from([byte]))
    })
    return this
  }

  pause(): this {
    return this
  }
}

function read(terminal: TypingTerminal, options: { isNew: boolean; env?: Record<string, string> }) {
  const said: string[] = []
  const reading = readPassphrase({
    env: options.env ?? {},
    terminal: terminal as unknown as Terminal,
    say: (text) => void said.push(text),
    isNew: options.isNew,
  })
  return { reading, said }
}

describe('readPassphrase', () => {
  it('takes it out of the environment, and asks nobody', async () => {
    const terminal = new TypingTerminal([])
    const { reading, said } = read(terminal, { isNew: true, env: { FLOW_VAULT_BACKUP_PASSPHRASE: LONG } })
    expect((await reading).reveal()).toBe(LONG)
    expect(said).toEqual([])
    expect(terminal.modes).toEqual([])
  })

  it('asks twice for a new one, in raw mode, and shows nothing of it', async () => {
    const terminal = new TypingTerminal([`${LONG}\r`, `${LONG}\r`])
    const { reading, said } = read(terminal, { isNew: true })
    expect((await reading).reveal()).toBe(LONG)
    expect(said.join('')).toBe('Passphrase: \nThe same again: \n')
    expect(terminal.modes).toEqual([true, false, true, false])
  })

  it('asks once for one that opens a backup, and takes a short one', async () => {
    const { reading } = read(new TypingTerminal(['short\n']), { isNew: false })
    expect((await reading).reveal()).toBe('short')
  })

  it('understands a backspace and characters of several bytes', async () => {
    const { reading } = read(new TypingTerminal(['zo\u0308\u00e9\u20acx\x7f!\r']), { isNew: false })
    expect((await reading).reveal()).toBe('zo\u0308\u00e9\u20ac!')
  })

  it.each([
    ['two that differ', [`${LONG}\r`, `${LONG}!\r`], 'The two passphrases differ'],
    ['a short new one', ['short\r', 'short\r'], '15 characters or more'],
    ['control-C', ['half\x03'], 'Given up'],
  ])('refuses %s', async (_, lines, message) => {
    const terminal = new TypingTerminal(lines)
    const { reading } = read(terminal, { isNew: true })
    await expect(reading).rejects.toThrow(message)
    expect(terminal.modes.at(-1)).toBe(false)
  })

  it('refuses a short new one out of the environment', async () => {
    const { reading } = read(new TypingTerminal([]), {
      isNew: true,
      env: { FLOW_VAULT_BACKUP_PASSPHRASE: 'short' },
    })
    await expect(reading).rejects.toThrow(RefusedError)
  })

  it('names the variable when there is no terminal to ask', async () => {
    const { reading } = read(new TypingTerminal([], false), { isNew: true })
    await expect(reading).rejects.toThrow('FLOW_VAULT_BACKUP_PASSPHRASE')
  })
})
