import { createApp, h, ref } from 'vue/dist/vue.runtime.esm-bundler.js'

await import('/vault/picker.js')
const token = async () => (await fetch('/token')).text()

createApp({
  setup() {
    const value = ref('')
    return () =>
      h('form', [
        h('vault-connection-picker', {
          'app-id': 'TWILIO',
          name: 'connection',
          value: value.value,
          token,
          onChange: (event) => {
            value.value = event.target.value
          },
        }),
        h('output', `chosen ${value.value}`),
      ])
  },
}).mount('#app')
