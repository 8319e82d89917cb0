import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { App } from 'aws-cdk-lib'
import { buildStage, type VaultStacks } from '../../infra/build-app.ts'
import { type DeploymentSettings, stageOf } from '../../infra/stage-file.ts'
import { PROJECT_ROOT } from './source-files.ts'

const STAGE_FILE = {
  issuer: 'https://tenant.example.com/',
  audience: 'https://vault.example.com/api/v2/',
  tenantClaim: 'tenant',
}

/** As cdk.json has it, and no bundles: a template is looked at, nothing is deployed. */
const CONTEXT = {
  'aws:cdk:bundling-stacks': [],
  '@aws-cdk/core:defaultCrossStackReferences': 'strong',
}

/** The settings of a stage named test, with these members in its file. */
export function testSettings(members: object = {}, awsEndpointUrl?: string): DeploymentSettings {
  return stageOf('test', { ...STAGE_FILE, ...members }, awsEndpointUrl)
}

/**
 * The stacks of a stage named test, with these members in its file. Nothing validates them: `npm run synth` does that,
 * with CDK's own rules, cdk-nag and cfn-lint, and each of these takes longer than the synthesis. `webFiles` is the
 * folder with the files of the page.
 */
export function testStacks(members: object = {}, webFiles = pageOfTests()): VaultStacks {
  return buildStage(
    new App({ context: CONTEXT, builtinCloudFormationValidation: false }),
    testSettings(members),
    { webFiles },
  )
}

/** A page of one file: what is put where is looked at, and not what is in it. */
function pageOfTests(): string {
  const folder = path.join(PROJECT_ROOT, '.cache', 'page-of-tests')
  for (const file of ['assets/vault/assets/a.js', 'page/vault/index.html']) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), 'x')
  }
  return folder
}
