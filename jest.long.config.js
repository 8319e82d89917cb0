import base from './jest.config.js'

// What takes minutes: real clients in processes of their own, kills and restarts. `npm run test:long` runs these.
export default {
  ...base,
  testMatch: ['<rootDir>/test/**/*.long.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000,
}
