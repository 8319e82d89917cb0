// Node 24 strips types itself, jest's module loader does not: @swc/jest does, and nothing else.
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: {
        parser: { syntax: 'typescript' },
        target: 'es2024',
        // Without the attribute of its import a JSON file is no module.
        experimental: { keepImportAttributes: true },
      },
      module: { type: 'es6' },
    },
  ],
}

export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Slower or needier suites end in .long, .aws, .browser or .providers.test.ts and have a command each.
  testPathIgnorePatterns: ['/node_modules/', '\\.(long|aws|browser|providers)\\.test\\.ts$'],
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/.cache', '<rootDir>/.flow-vault'],
  // For a test that hangs, and nothing else: how fast a machine is decides no test.
  testTimeout: 60_000,
  // Two cores, both used: jest's own default leaves one of them to itself.
  maxWorkers: '100%',
  // A failed test may leave a server or a socket open; the run must end and say so all the same.
  forceExit: process.env['CI'] === 'true',
}
