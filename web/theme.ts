/** What a person chose for this browser. */
export interface BrowserChoices {
  readonly theme: 'system' | 'light' | 'dark'
  readonly density: 'normal' | 'compact'
  readonly letterKeys: 'on' | 'off'
}

const KEY = 'flow-vault-choices'
const DEFAULTS: BrowserChoices = { theme: 'system', density: 'normal', letterKeys: 'on' }

/** The choices kept in this browser; nothing else of ours is ever stored in it. */
export function browserChoices(): BrowserChoices {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<BrowserChoices>) }
  } catch {
    return DEFAULTS
  }
}

/** Keeps a choice and puts it into force. */
export function choose(change: Partial<BrowserChoices>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...browserChoices(), ...change }))
  } catch {
    // A browser that keeps nothing shows the choice until it is reloaded.
  }
  applyTheme({ ...browserChoices(), ...change })
}

/** Puts theme and density on the document, where the style sheet reads them. */
export function applyTheme(choices = browserChoices()): void {
  document.documentElement.dataset['theme'] = choices.theme
  document.documentElement.dataset['density'] = choices.density
}
