import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Module, parseSync } from '@swc/core'

export const PROJECT_ROOT = path.resolve(import.meta.dirname, '../..')

/** A source file, by its path from the project's root with forward slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
  /** The files it loads: relative imports, as paths from the root. */
  readonly imports: readonly string[]
  readonly functions: readonly { readonly line: number; readonly lines: number }[]
  readonly exports: readonly SourceExport[]
  /** True when all that it does is hand on what others export. */
  readonly isBarrel: boolean
  /** The text with comments and the insides of strings blanked out, line by line. */
  readonly code: string
}

/** What a file declares for others; of an overloaded function, the first declaration only. */
export interface SourceExport {
  readonly name: string
  readonly line: number
  readonly isType: boolean
  readonly hasDocstring: boolean
}

interface Node {
  readonly type: string
  readonly span?: { readonly start: number; readonly end: number }
  readonly [member: string]: unknown
}

/** Paths of the files under these folders whose name ends like this, in order; none of them is generated. */
export function listFiles(folders: readonly string[], ending: string): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(PROJECT_ROOT, folder), { recursive: true, withFileTypes: true }),
    )
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) =>
      path.relative(PROJECT_ROOT, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'),
    )
    .sort()
}

/** The TypeScript files under these folders, parsed. */
export function readSourceFiles(folders: readonly string[]): SourceFile[] {
  return listFiles(folders, '.ts').map(readSourceFile)
}

// The parser counts bytes and begins at the first statement: an empty one in front gives it a known place.
const FRONT = ';'
const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'Constructor',
  'MethodProperty',
  'GetterProperty',
  'SetterProperty',
])
const BLANKED = new Set(['StringLiteral', 'TemplateElement', 'RegExpLiteral'])

function readSourceFile(filePath: string): SourceFile {
  const text = readFileSync(path.join(PROJECT_ROOT, filePath), 'utf8')
  const bytes = Buffer.from(FRONT + text)
  const module = parseSync(bytes.toString(), { syntax: 'typescript', target: 'es2024' })
  const offset = module.span.start
  const before = (at: number): string => bytes.subarray(FRONT.length, at - offset).toString()
  const lineAt = (at: number): number => before(at).split('\n').length
  const nodes = [...walk(module as unknown as Node)]
  const strings = nodes.filter((node) => BLANKED.has(node.type) && node.span !== undefined)
  return {
    path: filePath,
    text,
    imports: importsOf(filePath, nodes),
    functions: nodes
      .filter((node) => FUNCTIONS.has(node.type) && node.span !== undefined)
      .map(({ span }) => ({ line: lineAt(span!.start), lines: lineAt(span!.end) - lineAt(span!.start) + 1 })),
    exports: exportsOf(module).map(({ name, isType, start }) => ({
      name,
      isType,
      line: lineAt(start),
      hasDocstring: /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.test(before(start)),
    })),
    isBarrel: isBarrel(module),
    code: codeOf(
      bytes,
      strings.map(({ span }) => [span!.start - offset, span!.end - offset]),
    ),
  }
}

function* walk(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const entry of value) yield* walk(entry)
  } else if (value !== null && typeof value === 'object') {
    if (typeof (value as Node).type === 'string') yield value as Node
    yield* walk(Object.values(value))
  }
}

/** Imports, re-exports, `import()`, and `new URL('./x.ts', import.meta.url)`, by which workers are started. */
function importsOf(filePath: string, nodes: readonly Node[]): string[] {
  const folder = path.posix.dirname(filePath)
  const texts = nodes
    .filter((node) => node.type === 'StringLiteral' && typeof node['value'] === 'string')
    .map((node) => node['value'] as string)
    .filter((value) => /^\.{1,2}\/.*\.ts$/.test(value))
  return [...new Set(texts.map((value) => path.posix.join(folder, value)))]
}

function exportsOf(module: Module): { name: string; isType: boolean; start: number }[] {
  const all = module.body.flatMap((item) => {
    if (item.type !== 'ExportDeclaration') return []
    const { declaration } = item
    const names =
      declaration.type === 'VariableDeclaration'
        ? declaration.declarations.map(({ id }) => (id.type === 'Identifier' ? id.value : id.type))
        : [nameOf(declaration as unknown as Node)]
    const isType = ['TsInterfaceDeclaration', 'TsTypeAliasDeclaration'].includes(declaration.type)
    return names.map((name) => ({ name, isType, start: item.span.start }))
  })
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index)
}

function nameOf(declaration: Node): string {
  const identifier = (declaration['identifier'] ?? declaration['id']) as { value?: string } | undefined
  return identifier?.value ?? declaration.type
}

function isBarrel(module: Module): boolean {
  const statements = module.body.filter(({ type }) => type !== 'EmptyStatement')
  const handsOn = ['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration']
  return (
    statements.some(({ type }) => type === 'ExportAllDeclaration') ||
    (statements.some(({ type }) => type === 'ExportNamedDeclaration') &&
      statements.every(({ type }) => handsOn.includes(type)))
  )
}

function codeOf(bytes: Buffer, strings: readonly (readonly number[])[]): string {
  const blanked = Buffer.from(bytes)
  const blank = (from: number, to: number): void => {
    for (let at = from; at < to; at++) if (blanked[at] !== 0x0a) blanked[at] = 0x20
  }
  for (const [start, end] of strings) blank(start! + 1, end! - 1)
  const text = blanked.subarray(FRONT.length).toString('latin1')
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' '))
}
