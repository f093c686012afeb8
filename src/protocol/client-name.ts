const MAX_LENGTH = 64
// Control, format (bidi overrides, zero-width), private-use, unassigned, line-breaking and
// invisible characters; U+2800 is the braille blank, which shows as a space.
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]/gu

/** Makes a self-chosen client name safe to show: NFKC, nothing hidden, at most 64 characters. */
export function cleanClientName(name: string): string | undefined {
  const clean = name
    .normalize('NFKC')
    .replace(HIDDEN, '')
    // Again, because what stood apart may now combine.
    .normalize('NFKC')
    .replace(/\s+/gu, ' ')
    .trim()
  const short = [...clean].slice(0, MAX_LENGTH).join('').trim()
  return short === '' ? undefined : short
}
