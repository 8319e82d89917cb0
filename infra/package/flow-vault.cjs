#!/usr/bin/env node
'use strict'

/* The bin of the package: the server, or the command line for everything else. */

const fs = require('node:fs')
const path = require('node:path')
const { run } = require('./needed-node.cjs')

const isServer = process.argv[2] === 'start'
const built = path.join(__dirname, isServer ? 'server.js' : 'cli.js')
const source = path.join(__dirname, isServer ? '../embedded/main.ts' : '../../cli/flow-vault.ts')

run(fs.existsSync(built) ? built : source)
