'use strict'

/*
 * Every command begins here, from a checkout and from the package. Nodes of ten years can read it, so that a wrong
 * one gets a sentence and not a stack.
 */

const url = require('node:url')

const NEEDED = 24
const EXIT_REFUSED = 2

/** Runs the module in `file`, unless this Node is too old for it. */
exports.run = (file) => {
  if (Number.parseInt(process.versions.node, 10) < NEEDED) {
    process.stderr.write(
      `Flow Vault needs Node.js ${NEEDED} or newer, and this is ${process.version} (${process.execPath}). Install that one, or run "npm ci" in a checkout: it brings its own.\n`,
    )
    process.exitCode = EXIT_REFUSED
    return
  }
  hideExperimentalWarnings()
  process.argv[1] = file
  import(url.pathToFileURL(file).href)
}

/** Of SQLite in Node, which release of Node is used being settled here. */
function hideExperimentalWarnings() {
  const warn = process.emitWarning
  process.emitWarning = (warning, type, ...rest) => {
    if (type !== 'ExperimentalWarning') warn.call(process, warning, type, ...rest)
  }
}
