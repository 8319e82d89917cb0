/** What a person or a page wrote with blanks or commas between: scopes, apps, ids. */
export function namesIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== '')
}
