/** Reads a JSON body; undefined where it is none. */
export async function readJson(request: Request): Promise<unknown> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await request.arrayBuffer())
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
