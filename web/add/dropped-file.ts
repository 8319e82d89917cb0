import { html, type TemplateResult } from 'lit'
import type { FieldError } from '../api/api-error.ts'
import type { FillFrom } from '../api/types.ts'
import { ADD } from '../texts/add-texts.ts'

/** What stands above the fields when a file fills none of them. */
export const BAD_FILE: readonly FieldError[] = [{ path: 'setup', message: ADD.badFile }]

/** Where a key file is chosen, or dropped. */
export function keyFile(source: FillFrom, fill: (file: File) => unknown): TemplateResult {
  const take = (file: File | undefined): unknown => file && fill(file)
  return html`<label
    class="drop"
    @dragover=${(event: Event) => event.preventDefault()}
    @drop=${(event: DragEvent) => {
      event.preventDefault()
      take(event.dataTransfer?.files[0])
    }}
    >${ADD.dropFile(source.label ?? ADD.keyFile)}
    <input type="file" accept=".json,application/json" @change=${(event: Event) => take((event.target as HTMLInputElement).files?.[0])} />
  </label>`
}

/** What the file has for which field; nothing where it is no JSON, or has none of the members. */
export async function readKeyFile(file: File, source: FillFrom): Promise<ReadonlyMap<string, string>> {
  const content = await file
    .text()
    .then((text) => JSON.parse(text) as Record<string, unknown> | null)
    .catch(() => null)
  return new Map(
    Object.entries(source.members).flatMap(([member, name]) => {
      const value = content?.[member]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
}
