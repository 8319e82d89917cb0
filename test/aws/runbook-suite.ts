import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { tenantKeyAlias } from '../../shared/adapters/kms/key-names.ts'
import { newTenant } from '../support/api-target.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { PROJECT_ROOT } from '../support/source-files.ts'
import type { DeployedPlace } from './deployed-suite.ts'

const run = promisify(execFile)
const ALL_WITHIN_MS = 300_000
/** Fewer would mean that they are not found any more. */
const LEAST_COMMANDS = 15
/** What the upgrade of the stage does already, and what is named and not to be run. */
const NOT_RUN = /^(?:git checkout|npm ci|npx cdk deploy|npm run tenant)/

/** Every command of the runbook, as an operator copies it from there, on a deployed stage. */
export function runbookSuite(place: () => DeployedPlace): void {
  describe('the runbook', () => {
    const config = emulatorClientConfig('ministack')
    const kms = new KMSClient(config)
    const secretsManager = new SecretsManagerClient(config)
    let known: Readonly<Record<string, string>>

    beforeAll(async () => {
      const { stage, outputs, tableName, keyedTenant } = place()
      const secret = `runbook-${newTenant()}`
      known = {
        STAGE: stage,
        TABLE: tableName,
        FUNCTION: 'api',
        FREEZE_QUEUE: outputs['FreezeQueueUrl']!,
        DEPLOYMENT: outputs['DeploymentId']!,
        SECRET: secret,
        TENANT: `${keyedTenant}-again`,
        // Of the tenant that an earlier suite removed: it waits for its deletion, as a key does in the night.
        KEY: await keyArnOf(tenantKeyAlias(stage, keyedTenant)),
      }
      await secretsManager.send(new CreateSecretCommand({ Name: secret, SecretString: 'x' }))
      await secretsManager.send(new DeleteSecretCommand({ SecretId: secret, RecoveryWindowInDays: 7 }))
    })
    afterAll(() => {
      kms.destroy()
      secretsManager.destroy()
    })

    async function keyArnOf(alias: string): Promise<string> {
      return (await kms.send(new DescribeKeyCommand({ KeyId: alias }))).KeyMetadata!.Arn!
    }

    it(
      'names commands that all work as they stand',
      async () => {
        const commands = commandsOf(await readFile(path.join(PROJECT_ROOT, 'docs/runbook.md'), 'utf8'))
        expect(commands.length).toBeGreaterThan(LEAST_COMMANDS)
        const refused: string[] = []
        for (const command of commands.filter((one) => !NOT_RUN.test(one)))
          await runInShell(filledIn(command, known)).catch(({ message, stdout }) =>
            refused.push(`${message}\n${stdout}`),
          )
        expect(refused).toEqual([])
        const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: known['KEY'] }))
        expect(KeyMetadata?.KeyState).toBe('Enabled')
      },
      ALL_WITHIN_MS,
    )
  })
}

/** Runs a line as an operator does, in a checkout. */
async function runInShell(line: string): Promise<string> {
  const { endpoint, region } = emulatorClientConfig('ministack')
  const bin = path.join(PROJECT_ROOT, 'node_modules', '.bin')
  const { stdout } = await run('bash', ['-c', line], {
    cwd: PROJECT_ROOT,
    env: {
      PATH: [bin, process.env['FLOW_VAULT_TEST_PYTHON_BIN'], process.env['PATH']].join(path.delimiter),
      HOME: process.env['HOME'],
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
    },
  })
  return stdout
}

/** The commands in code of a page, in their order, each once. */
export function commandsOf(markdown: string): string[] {
  const [inline, lines] = [/`((?:aws|npm run|npm ci|npx|git) ?[^`]*)`/g, /^((?:aws|npm run|npx) .+)$/gm]
  const found = [...markdown.matchAll(lines), ...markdown.matchAll(inline)]
  return [
    ...new Set(
      found.toSorted((a, b) => a.index - b.index).map(([, command = '']) => command.replaceAll(/\s+/g, ' ')),
    ),
  ]
}

/** What a command says in capitals, filled in. */
function filledIn(command: string, known: Readonly<Record<string, string>>): string {
  const filled = command.replaceAll(/\b[A-Z_]{3,}\b/g, (word) => known[word] ?? word)
  // Of the AWS CLI only version 1 is to be had as a package: it has the first by another name, and asks the second
  // elsewhere than where it is told by the environment.
  return filled
    .replace(
      /^aws logs tail (\S+) --since \S+/,
      'aws logs filter-log-events --log-group-name $1 --max-items 50',
    )
    .replace(/^aws sqs /, 'aws --endpoint-url "$AWS_ENDPOINT_URL" sqs ')
}
