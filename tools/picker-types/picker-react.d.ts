/** The picker in JSX of React 19: `import 'flow-vault/picker-react'` as a type. */
import type { DetailedHTMLProps, HTMLAttributes } from 'react'
import type {
  PickerAttributes,
  PickerConnection,
  PickerToken,
  VaultConnectionPickerElement,
} from './picker.js'

type Own = PickerAttributes & {
  token?: PickerToken
  onchange?: (event: Event & { readonly target: VaultConnectionPickerElement }) => void
  'onconnection-added'?: (event: CustomEvent<PickerConnection>) => void
  'onconnection-updated'?: (event: CustomEvent<PickerConnection>) => void
}

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'vault-connection-picker': Own &
        Omit<
          DetailedHTMLProps<HTMLAttributes<VaultConnectionPickerElement>, VaultConnectionPickerElement>,
          keyof Own
        >
    }
  }
}
