await import('/vault/picker.js')
const form = document.createElement('form')
form.noValidate = false
const picker = document.createElement('vault-connection-picker')
picker.setAttribute('app-id', 'TWILIO')
picker.name = 'connection'
picker.required = true
picker.token = async () => (await fetch('/token')).text()
const send = document.createElement('button')
send.textContent = 'Save the action'
send.style.minHeight = '32px'
const said = document.createElement('output')
form.append(picker, send, said)
form.addEventListener('submit', (event) => {
  event.preventDefault()
  said.textContent = `saved ${new FormData(form).get('connection')}`
})
document.querySelector('#app').append(form)
