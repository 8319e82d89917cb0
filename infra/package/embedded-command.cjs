'use strict'

/* What `npm run token` and its like start: one command of the embedded server, with the options that follow its name. */

const path = require('node:path')
const { run } = require('./needed-node.cjs')

const [name] = process.argv.splice(2, 1)
run(path.join(__dirname, '../embedded/commands', `${name}-command.ts`))
