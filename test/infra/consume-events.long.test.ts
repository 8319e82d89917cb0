import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { BUS_SOURCE } from '../../shared/adapters/eventbridge/bus-facts.ts'
import { EVENT_TYPES } from '../../shared/domain/change-event.ts'
import { documentedSnippet } from '../support/documented-snippet.ts'
import { PROJECT_ROOT } from '../support/source-files.ts'

/** What the CDK snippet makes, run as it stands. */
function synthesized(): { Type: string; Properties: Record<string, never> }[] {
  const folder = path.join(PROJECT_ROOT, '.cache', `consumer-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  try {
    const file = path.join(folder, 'consumer.ts')
    writeFileSync(file, documentedSnippet('consume-events.md', 'ts consumer'))
    execFileSync(process.execPath, [file], { env: { ...process.env, CDK_OUTDIR: folder }, stdio: 'pipe' })
    const template = JSON.parse(readFileSync(path.join(folder, 'VaultChanges.template.json'), 'utf8'))
    return Object.values(template.Resources)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('docs/consume-events.md', () => {
  const rule = synthesized().find(({ Type }) => Type === 'AWS::Events::Rule')!.Properties as Record<
    string,
    unknown
  >
  const pattern = rule['EventPattern'] as Record<string, string[]>
  const [target] = rule['Targets'] as Record<string, Record<string, number>>[]
  const terraform = documentedSnippet('consume-events.md', 'hcl consumer')

  it('has a rule for what the vault puts on its bus', () => {
    expect(rule['EventBusName']).toBe('flow-vault-prod')
    expect(pattern['source']).toEqual([BUS_SOURCE])
    expect(EVENT_TYPES).toEqual(expect.arrayContaining(pattern['detail-type']!))
  })

  it('says the same for CDK and for Terraform', () => {
    const { MaximumEventAgeInSeconds: age, MaximumRetryAttempts: retries } = target!['RetryPolicy']!
    const said = (name: string) => new RegExp(`${name}\\s+= (.*)`).exec(terraform)?.[1]
    expect(JSON.parse(said('detail-type')!)).toEqual(pattern['detail-type'])
    expect(JSON.parse(said('source')!)).toEqual(pattern['source'])
    expect(said('event_bus_name')).toBe(`"${rule['EventBusName']}"`)
    expect(said('maximum_event_age_in_seconds')).toBe(String(age))
    expect(said('maximum_retry_attempts')).toBe(String(retries))
    expect(target!['DeadLetterConfig']).toBeDefined()
    expect(terraform).toContain('dead_letter_config')
    expect(terraform).toContain(
      `tenant = ${JSON.stringify((pattern['detail'] as unknown as { tenant: string[] }).tenant)}`,
    )
  })
})
