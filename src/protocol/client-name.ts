const MAX_LENGTH = 64

/**
 * Makes a self-chosen client name safe to show: NFKC, and no control, format (bidi overrides,
 * zero-width), private-use, unassigned or line-breaking characters, at most 64 characters.
 */
export function cleanClientName(name: string): string | undefined {
  const clean = name
    .normalize('NFKC')
    .replace(
      /[\p{C}\p{Zl}\p{Zp}\u{115F}\u{1160}\u{3164}\u{FFA0}\u{2800}\u{034F}\u{FE00}-\u{FE0F}]/gu,
      '',
    )
    .replace(/\s+/gu, ' ')
    .trim()
  const short = [...clean].slice(0, MAX_LENGTH).join('').trim()
  return short === '' ? undefined : short
}
