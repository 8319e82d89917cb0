import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { documentedSnippet } from '../support/documented-snippet.ts'
import { PROJECT_ROOT } from '../support/source-files.ts'

const run = promisify(execFile)
const FOLDER = path.join(PROJECT_ROOT, '.cache/picker-types')
/** The types of React 19, which nothing else here needs. */
const REACT_TYPES = '@types/react@19.2.2'

/** What a wrong use looks like: each of these lines is refused, or the compiler says that it was not. */
const WRONG_IN_REACT = `
import type {} from 'flow-vault/picker-react'
// @ts-expect-error there is no such way to add
export const wrongWay = <vault-connection-picker add-in="tab" />
// @ts-expect-error a token is asked for, and not set
export const wrongToken = <vault-connection-picker token="eyJ" />
// @ts-expect-error what is told has an id
export const wrongEvent = <vault-connection-picker onconnection-added={(event) => event.detail.name} />
`

const IN_VUE = `
import type { GlobalComponents } from 'vue'
import type {} from 'flow-vault/picker-vue'

type Props = InstanceType<GlobalComponents['vault-connection-picker']>['$props']

export const right: Props = {
  'app-id': 'TWILIO',
  required: true,
  token: async ({ renew }) => (await fetch(\`/token?renew=\${renew}\`)).text(),
  onConnectionAdded: (event) => event.detail.id,
}
// @ts-expect-error there is no such way to add
export const wrongWay: Props = { 'add-in': 'tab' }
`

const IN_PLAIN = `
import type {} from 'flow-vault/picker'

const picker = document.querySelector('vault-connection-picker')!
picker.token = async () => (await fetch('/token')).text()
picker.addEventListener('connection-added', ({ detail }) => detail.id satisfies string)
// @ts-expect-error a token is asked for, and not set
picker.token = 'eyJ'
`

describe('the types of the picker', () => {
  beforeAll(async () => {
    fs.rmSync(FOLDER, { recursive: true, force: true })
    const installed = path.join(FOLDER, 'node_modules/flow-vault')
    fs.mkdirSync(FOLDER, { recursive: true })
    fs.writeFileSync(path.join(FOLDER, 'package.json'), '{ "private": true, "type": "module" }')
    await run('npm', ['install', '--ignore-scripts', REACT_TYPES], { cwd: FOLDER })
    fs.mkdirSync(path.join(installed, 'dist/client'), { recursive: true })
    fs.cpSync(path.join(PROJECT_ROOT, 'package.json'), path.join(installed, 'package.json'))
    fs.cpSync(path.join(PROJECT_ROOT, 'tools/picker-types'), path.join(installed, 'dist/client/types'), {
      recursive: true,
    })
    fs.symlinkSync(path.join(PROJECT_ROOT, 'node_modules/vue'), path.join(FOLDER, 'node_modules/vue'))
  })

  const readme = (): string => documentedSnippet('../README.md', 'tsx')

  test.each([
    ['the component of the README, in React', 'documented.tsx', readme],
    ['no wrong use in React', 'wrong.tsx', () => WRONG_IN_REACT],
    ['a use in Vue, and no wrong one', 'vue.ts', () => IN_VUE],
    ['a use without a framework, and no wrong one', 'plain.ts', () => IN_PLAIN],
  ])('allow %s', async (_, name, text) => {
    fs.writeFileSync(path.join(FOLDER, name), text())
    const compiler = path.join(PROJECT_ROOT, 'node_modules/typescript/bin/tsc')
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--jsx', 'react-jsx']
    const more = ['--lib', 'es2023,dom', '--types', '', '--ignoreConfig', name]
    const { stdout } = await run(process.execPath, [compiler, ...options, ...more], { cwd: FOLDER }).catch(
      (error: { stdout: string }) => error,
    )
    expect(stdout).toBe('')
  })
})
