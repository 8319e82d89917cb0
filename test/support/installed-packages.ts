import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { PROJECT_ROOT } from './source-files.ts'

export interface InstalledPackage {
  readonly name: string
  /** As an SPDX expression, where the package has one. */
  readonly licence: string
}

interface Manifest {
  readonly license?: string | { readonly type?: string }
  readonly licenses?: readonly { readonly type?: string }[]
}

/**
 * What the lock file lists, with the licence that each package itself declares; for those of other platforms,
 * which are not installed here, the lock's own word.
 */
export function installedPackages(): InstalledPackage[] {
  const lock = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { license?: string }>
  }
  return Object.entries(lock.packages)
    .filter(([place]) => place !== '')
    .map(([place, { license }]) => {
      const manifest = path.join(PROJECT_ROOT, place, 'package.json')
      const declared = existsSync(manifest) ? declaredIn(JSON.parse(readFileSync(manifest, 'utf8'))) : license
      return { name: place.replace(/^.*node_modules\//, ''), licence: declared ?? 'none' }
    })
}

function declaredIn(manifest: Manifest): string | undefined {
  const { license, licenses } = manifest
  if (typeof license === 'string') return license
  return license?.type ?? licenses?.map(({ type }) => type).join(' OR ')
}
