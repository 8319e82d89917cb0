import type { Connection, Setup } from '../api/types.ts'
import { CONFLICT } from '../texts/conflict-texts.ts'

/** What a setting is called and what it is, as its field says both; as they are stored where nobody knows the field. */
export function settingWords(
  setup: Setup | undefined,
  { settings, settings_without_query: cut }: Connection,
  name: string,
): { readonly label: string; readonly value: string } {
  const field = setup?.fields.find((each) => each.name === name)
  const value = settings?.[name] ?? '–'
  const option = field?.options?.find((each) => each.value === value)
  return {
    label: field?.label ?? name,
    value: option?.label ?? `${String(value)}${cut?.includes(name) ? CONFLICT.hiddenQuery : ''}`,
  }
}
