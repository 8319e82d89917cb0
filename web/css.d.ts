/** A style sheet as text, as the build hands it to a script. */
declare module '*.css' {
  const text: string
  export default text
}
