/** RFC 3986 §5.2.4, for paths that begin with a slash. */
export function removeDotSegments(path: string): string {
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  segments.forEach((segment, index) => {
    if (segment !== '.' && segment !== '..') return void kept.push(segment)
    if (segment === '..') kept.pop()
    if (index === segments.length - 1) kept.push('')
  })
  return `/${kept.join('/')}`
}

export function mergeSlashes(path: string): string {
  return path.replaceAll(/\/{2,}/g, '/')
}

/** RFC 3986 §6.2.2.2: only characters that never needed encoding. */
export function decodeUnreserved(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (triplet, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return /[\w.~-]/.test(character) ? character : triplet.toUpperCase()
  })
}
