import base from './jest.config.js'

// The vault page and the picker in a real Chromium, against the embedded server. `npm run test:browser` runs these.
export default {
  ...base,
  testMatch: ['<rootDir>/test/**/*.browser.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // Ten thousand connections are made one by one, beside whatever else the machine does.
  testTimeout: 300_000,
  // A browser and a vault each keep a core busy.
  maxWorkers: 1,
}
