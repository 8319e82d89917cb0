type Write = typeof process.stdout.write

/**
 * Collects what a vault in this process logs: the lines it hands to `write`, and those its logger puts straight
 * on the standard streams, which then do not reach the terminal. `stop` lets the streams go.
 */
export function captureLogLines(): { write(text: string): void; lines(): string[]; stop(): void } {
  let text = ''
  const write = (chunk: string): void => {
    text += chunk
  }
  const restore = [process.stdout, process.stderr].map((stream) => divert(stream, write))
  return {
    write,
    lines: () => text.split('\n').filter((line) => line !== ''),
    stop: () => {
      for (const undo of restore) undo()
    },
  }
}

function divert(stream: NodeJS.WriteStream, write: (chunk: string) => void): () => void {
  const original: Write = stream.write
  const diverted = ((chunk: string | Uint8Array, ...rest: never[]) => {
    if (typeof chunk !== 'string' || !chunk.startsWith('{"level"'))
      return original.call(stream, chunk, ...rest)
    write(chunk)
    return true
  }) as Write
  stream.write = diverted
  return () => {
    // Another vault may have diverted it since; then that one passes on to what it found.
    if (stream.write === diverted) stream.write = original
  }
}
