import { createElement, useState } from 'react'
import { createRoot } from 'react-dom/client'

await import('/vault/picker.js')
const token = async () => (await fetch('/token')).text()

function Editor() {
  const [value, setValue] = useState('')
  return createElement(
    'form',
    null,
    createElement('vault-connection-picker', {
      'app-id': 'TWILIO',
      name: 'connection',
      value,
      token,
      onchange: (event) => setValue(event.target.value),
    }),
    createElement('output', null, `chosen ${value}`),
  )
}

createRoot(document.querySelector('#app')).render(createElement(Editor))
