import { once } from 'node:events'
import { DEMO_KEYS, startDemo } from './demo.ts'

/*
 * `npm run example:editor`: a small flow editor with the vault's picker in each action. It brings its own vault and
 * doubles of the services, so that it needs no account anywhere.
 */
const port = Number(process.env['PORT'] || 8790)
const demo = await startDemo({ port }).catch((error: NodeJS.ErrnoException) => {
  if (error.code !== 'EADDRINUSE') throw error
  process.stderr.write(
    `Another process listens on port ${port}. Name another one: PORT=8791 npm run example:editor\n`,
  )
  process.exit(1)
})
process.stdout.write(`
The flow editor is at  ${demo.url}

What the doubles of the services accept, when you add a connection:
  Twilio           Account SID ${DEMO_KEYS.twilioAccount}, auth token ${DEMO_KEYS.twilioKey}
  HTTP request     an API key ${DEMO_KEYS.ordersKey}, sent in the header X-Api-Key
  Google Sheets    a connection is there already, authorized at a provider on this machine

Ctrl-C ends it, and removes what was stored.
`)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await demo.stop()
