/*
 * The page of the flow editor. All that it needs of the vault is one script and one element in each action:
 *
 *   <script type="module" src="https://vault.example.com/vault/picker.js"></script>
 *   <vault-connection-picker app-id="TWILIO" name="connection" required></vault-connection-picker>
 */
import('/vault/picker.js')

const byId = (id) => document.getElementById(id)
const steps = byId('steps')
let actions = []
let flowId
let isSaved = false

async function ask(method, path, body) {
  const answer = await fetch(`/editor${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const content = await answer.json()
  if (!answer.ok) throw new Error(content.message)
  return content
}

/** Who is signed in to the editor is signed in to the picker: it asks for a token when it needs one. */
const token = async () => (await ask('GET', '/token')).token

/** An element with its attributes and what is in it; texts stay texts. */
function make(name, attributes = {}, ...inside) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...inside)
  return element
}

let count = 0

/** One action of the flow: its fields, and the connection that it uses; as it was saved, where it was. */
function addStep(action, saved) {
  count += 1
  const item = make('li', { class: 'step', 'data-action': action.id })
  const title = make('h2', { id: `step-${count}` }, action.label)
  const remove = make(
    'button',
    { type: 'button', class: 'quiet', 'aria-label': `Remove ${action.label}` },
    'Remove',
  )
  remove.addEventListener('click', () => {
    item.remove()
    changed()
    byId('menu').querySelector('button').focus()
  })
  const picker = make('vault-connection-picker', {
    'app-id': action.apps.join(' '),
    required: '',
    name: 'connection',
  })
  if (saved !== undefined) picker.setAttribute('value', saved.connection)
  picker.token = token
  picker.addEventListener('change', () => {
    error.textContent = ''
    changed()
  })
  const error = make('p', { class: 'error', role: 'alert' })
  const fields = action.inputs.map(({ name, label, value }) => {
    const id = `step-${count}-${name}`
    const input = make('input', { id, 'data-input': name, autocomplete: 'off' })
    input.value = saved?.inputs[name] ?? value
    input.addEventListener('input', changed)
    return make('div', { class: 'field' }, make('label', { for: id }, label), input)
  })
  item.setAttribute('aria-labelledby', title.id)
  item.append(make('div', { class: 'step-head' }, title, remove), picker, error, ...fields)
  steps.append(item)
  changed()
  title.tabIndex = -1
  if (saved === undefined) title.focus()
}

function changed() {
  isSaved = false
  byId('run').disabled = true
  byId('none').hidden = steps.children.length > 0
  say('')
}

function say(sentence) {
  byId('said').textContent = sentence
}

/** True when every action has a connection; the first that has none gets the focus. */
function isComplete() {
  let first
  for (const item of steps.children) {
    const picker = item.querySelector('vault-connection-picker')
    const lacks = !picker.value
    item.querySelector('.error').textContent = lacks ? 'Choose the connection that this action uses.' : ''
    if (lacks) first ??= picker
  }
  first?.focus()
  return first === undefined
}

async function save() {
  if (!isComplete()) return
  const name = byId('name').value.trim() || 'Flow without a name'
  const flow = await ask('PUT', '/flows', {
    ...(flowId === undefined ? {} : { id: flowId }),
    name,
    steps: [...steps.children].map((item) => ({
      action: item.dataset.action,
      connection: item.querySelector('vault-connection-picker').value,
      inputs: Object.fromEntries(
        [...item.querySelectorAll('[data-input]')].map((input) => [input.dataset.input, input.value]),
      ),
    })),
  })
  isNow(flow)
  say('Saved. The vault knows that this flow uses its connections.')
}

/** From here on this flow is what is shown; its address opens it again, and the vault links to it. */
function isNow(flow) {
  flowId = flow.id
  isSaved = true
  byId('run').disabled = steps.children.length === 0
  history.replaceState(null, '', `#${flow.id}`)
}

/** Opens the flow that the address names. */
async function open() {
  const flow = (await ask('GET', '/flows')).find(({ id }) => `#${id}` === location.hash)
  if (flow === undefined) return
  byId('name').value = flow.name
  for (const step of flow.steps)
    addStep(
      actions.find(({ id }) => id === step.action),
      step,
    )
  isNow(flow)
}

/** One call as it went out, without its credential. */
function shownCall({ method, url, headers, body, status }) {
  const lines = [`${method} ${url}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)]
  const text = [...lines, ...(body === '' ? [] : ['', body])].join('\n')
  return make(
    'div',
    { class: 'call' },
    make('pre', { tabindex: '0', role: 'region', 'aria-label': `The call to ${new URL(url).host}` }, text),
    make('p', {}, `The service answered ${status}.`),
  )
}

function shownResult({ action, outcome, error, calls }) {
  const how = error === undefined ? `Done: ${JSON.stringify(outcome)}` : `Failed: ${error}`
  return make(
    'li',
    { class: error === undefined ? 'is-done' : 'is-failed' },
    make('h3', {}, action),
    make('p', { class: 'outcome' }, how),
    ...calls.map(shownCall),
  )
}

async function run() {
  if (!isSaved) return
  say('Running…')
  const results = await ask('POST', '/runs', { id: flowId })
  byId('sent').replaceChildren(...results.map(shownResult))
  byId('results').hidden = false
  say(results.every(({ error }) => error === undefined) ? 'It ran to its end.' : 'It stopped.')
  byId('results').focus()
}

const reporting = (work) => () => work().catch((error) => say(error.message))

byId('name').addEventListener('input', changed)
byId('run').addEventListener('click', reporting(run))
byId('flow').addEventListener('submit', (event) => {
  event.preventDefault()
  reporting(save)()
})
actions = await ask('GET', '/actions')
byId('menu').append(
  ...actions.map((action) => {
    const button = make('button', { type: 'button' }, `+ ${action.label}`)
    button.addEventListener('click', () => addStep(action))
    return button
  }),
)
await open()
