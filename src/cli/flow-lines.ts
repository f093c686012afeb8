import { StringDecoder } from 'node:string_decoder'

/** Longer lines are nobody's event; a log without line ends must not fill the memory. */
const MAX_LINE_LENGTH = 64 * 1024

/** Hands on the lines of a stream, one by one, however long it is. */
export async function readLines(
  input: AsyncIterable<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let isTooLong = false
  for await (const chunk of input) {
    const parts = (rest + decoder.write(chunk)).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      if (!isTooLong && line.length <= MAX_LINE_LENGTH) onLine(line)
      isTooLong = false
    }
    if (rest.length > MAX_LINE_LENGTH) {
      rest = ''
      isTooLong = true
    }
  }
  if (!isTooLong) onLine(rest)
}
