const MAX_BYTES = 256 * 1024

export interface Body {
  text: string
  end: 'whole' | 'too long' | 'too slow' | 'broken off'
}

/**
 * What came before the limit, the time-out or the break of the connection. Of an event stream the
 * first message is enough: it may never end.
 */
export async function readBody(response: Response, signal: AbortSignal): Promise<Body> {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const decoder = new TextDecoder()
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader()
  let text = ''
  let bytes = 0
  let end: Body['end'] = 'whole'
  try {
    for (;;) {
      const next = await reader?.read()
      if (next === undefined || next.done) break
      bytes += next.value.byteLength
      if (bytes > MAX_BYTES) {
        end = 'too long'
        break
      }
      text += decoder.decode(next.value, { stream: true })
      if (isStream && (response.status !== 200 || /^data:.*\r?\n\r?\n/m.test(text))) break
    }
  } catch {
    end = signal.aborted ? 'too slow' : 'broken off'
  }
  reader?.cancel().catch(() => {})
  return { text, end }
}
