/** A value that survives JSON; an undefined member counts as absent. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined }

export interface JsonObject {
  readonly [name: string]: JsonValue | undefined
}
