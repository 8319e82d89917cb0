import base from './jest.config.js'

// The suites that need the emulators; `npm run test:aws` starts those first. A request takes 0.1 to 0.3 s there.
export default {
  ...base,
  testMatch: ['<rootDir>/test/**/*.aws.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 60_000,
}
