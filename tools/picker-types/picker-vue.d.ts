/** The picker in templates of Vue 3: `import 'flow-vault/picker-vue'` as a type. */
import type { DefineComponent } from 'vue'
import type { PickerAttributes, PickerConnection, PickerToken } from './picker.js'

type Own = PickerAttributes & {
  token?: PickerToken
  onChange?: (event: Event) => void
  onConnectionAdded?: (event: CustomEvent<PickerConnection>) => void
  onConnectionUpdated?: (event: CustomEvent<PickerConnection>) => void
}

declare module 'vue' {
  interface GlobalComponents {
    'vault-connection-picker': DefineComponent<Own>
  }
}
