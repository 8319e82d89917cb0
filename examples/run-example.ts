/** Runs an example; what keeps it from running is one sentence for a person, who has no use for a stack. */
export async function runExample(example: () => Promise<void>): Promise<void> {
  try {
    await example()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
