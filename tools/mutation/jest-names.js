import { expect } from 'expect'
import { bind } from 'jest-each'
import Mocha from 'mocha'

/**
 * Jest's names for mocha, from Jest's own packages: `expect`, `test`, `it.each`, `beforeAll`. Stryker changes the code
 * that mocha has loaded, and runs those tests again that reach the change; Jest loads each file that may have such a
 * test anew for each change, which takes a thousand times as long.
 */
Mocha.interfaces['jest-names'] = (suite) => {
  Mocha.interfaces.bdd(suite)
  suite.on('pre-require', (context) => {
    const { it, describe, before, after } = context
    it.each = bind(it, false)
    describe.each = bind(describe, false)
    Object.assign(context, { test: it, beforeAll: before, afterAll: after, expect })
  })
}
