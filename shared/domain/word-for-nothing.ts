/** Whether text is what a program writes for no value at all. As a token it would take the place of one that works. */
export function isWordForNothing(text: string): boolean {
  return /^\s*(?:|[(<]?null[)>]?|nil|none|undefined|nan|n\/?a|false|0|-+|""|''|\[\]|\{\})\s*$/i.test(text)
}
