import base from './jest.config.js'

// The vault page and the picker in a real Chromium, against the embedded server. `npm run test:browser` runs these.
export default {
  ...base,
  testMatch: ['<rootDir>/test/**/*.browser.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
  // A browser and a vault each keep a core busy.
  maxWorkers: 1,
}
