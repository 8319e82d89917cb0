/** The emulators a suite can run against. */
export type EmulatorName = 'moto' | 'ministack'

/**
 * The client settings for one running emulator: spread them into an AWS SDK client's constructor.
 * Throws when the suite was not started by `npm run test:aws`, which starts the emulators.
 */
export function emulatorClientConfig(name: EmulatorName): {
  endpoint: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  requestHandler: { requestTimeout: number; throwOnRequestTimeout: boolean }
} {
  const variable = name === 'moto' ? 'FLOW_VAULT_TEST_MOTO_URL' : 'FLOW_VAULT_TEST_MINISTACK_URL'
  const endpoint = process.env[variable]
  if (endpoint === undefined) throw new Error(`${variable} is not set: run this suite with npm run test:aws`)
  // A request that takes seconds on AWS is lost; here it is a busy machine.
  const requestHandler = { requestTimeout: 30_000, throwOnRequestTimeout: true }
  return {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler,
  }
}
