import base from './jest.config.js'

// Real authorization servers, which take a minute to start. `npm run test:providers` gets them first.
export default {
  ...base,
  testMatch: ['<rootDir>/test/**/*.providers.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 600_000,
}
