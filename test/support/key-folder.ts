import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of its own for key files, and a way to be rid of it. */
export async function makeKeyFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'flow-vault-keys-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}
