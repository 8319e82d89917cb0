import { readFileSync } from 'node:fs'
import path from 'node:path'
import { PROJECT_ROOT } from './source-files.ts'

/** The code under a fence such as "```ts consumer" of a page of the documentation. Throws when there is none. */
export function documentedSnippet(page: string, fence: string): string {
  const text = readFileSync(path.join(PROJECT_ROOT, 'docs', page), 'utf8')
  const code = text.split(`\`\`\`${fence}\n`)[1]?.split('\n```')[0]
  if (code === undefined) throw new Error(`docs/${page} has no ${fence}`)
  return code
}
