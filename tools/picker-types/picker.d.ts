/**
 * `<vault-connection-picker>` as TypeScript knows it. The element itself is a script of the vault
 * (`<vault>/vault/picker.js`); this package brings its types.
 */

/** Answers an access token for the vault; with `renew` the last one was taken for none. */
export type PickerToken = (how: { readonly renew: boolean }) => Promise<string>

/** What is set on the element, by attribute or, in a framework, as a property. */
export interface PickerAttributes {
  /** The apps to choose from, by id, with blanks or commas between them; all when left out. */
  'app-id'?: string
  /** The chosen connection, by id. */
  value?: string
  /** Where the vault is, when the script came from elsewhere. */
  'vault-url'?: string
  /** Under which the form sends the id. */
  name?: string
  required?: boolean
  label?: string
  /** `window`: a connection is added on the vault's own page, where the host sees nothing of what is typed. */
  'add-in'?: 'window'
}

/** What `connection-added` and `connection-updated` tell. */
export interface PickerConnection {
  readonly id: string
}

export interface VaultConnectionPickerElement extends HTMLElement {
  appId: string | undefined
  value: string
  vaultUrl: string | undefined
  name: string | undefined
  required: boolean
  label: string | undefined
  addIn: string | undefined
  token: PickerToken | undefined
  checkValidity(): boolean
}

declare global {
  interface HTMLElementTagNameMap {
    'vault-connection-picker': VaultConnectionPickerElement
  }
  interface HTMLElementEventMap {
    'connection-added': CustomEvent<PickerConnection>
    'connection-updated': CustomEvent<PickerConnection>
  }
}
