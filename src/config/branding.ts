import * as v from 'valibot'
import { cleanClientName } from '../protocol/client-name.ts'
import type { ConfigIssue } from './config-error.ts'
import type { BrandingOptions } from './options.ts'

/** How the pages look to people. */
export interface Branding {
  name: string
  /** A `data:` URL of an image. */
  logo?: string
  colours?: BrandColours
}

/** A brand's colour, made readable on the pages' own backgrounds. */
export interface BrandColours {
  /** Text and outlines, by colour scheme. */
  accent: { light: string; dark: string }
  fill: string
  onFill: string
}

/** The pages' backgrounds: of the two in a scheme, the one that is nearer to its text. */
const BACKGROUNDS = { light: '#f4f3ef', dark: '#1a201f' }
/** WCAG 2.2, 1.4.3. */
const MIN_CONTRAST = 4.5
/** A logo is on every page, so it is kept small. */
const MAX_LOGO_LENGTH = 32 * 1024
const LOGO = /^data:image\/(?:png|jpeg|webp|gif|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$/

export const BrandingSchema: v.GenericSchema = v.strictObject({
  name: v.optional(v.string()),
  logo: v.optional(v.string()),
  colour: v.optional(v.string()),
})

export function checkBranding(branding: BrandingOptions | undefined, issues: ConfigIssue[]): void {
  const { name, logo, colour } = branding ?? {}
  if (name !== undefined && cleanClientName(name) !== name)
    issues.push({
      path: 'branding.name',
      message: 'is empty, longer than 64 characters, or has characters that cannot be seen',
      fix: 'Write the name as people know it, without line breaks and doubled spaces.',
    })
  if (logo !== undefined && (!LOGO.test(logo) || logo.length > MAX_LOGO_LENGTH))
    issues.push({
      path: 'branding.logo',
      message: 'is not a base64 data: URL of an image of at most 32 KB',
      fix: 'Write data:image/svg+xml;base64,… (or png, jpeg, webp, gif): pages load nothing from elsewhere.',
    })
  if (colour !== undefined && !/^#[0-9a-f]{6}$/i.test(colour))
    issues.push({
      path: 'branding.colour',
      message: 'is not a colour in the form #rrggbb',
      fix: 'Write six hexadecimal digits, for instance #0b6457.',
    })
}

/** Fills in defaults of options that have been checked: without a name, the host speaks for itself. */
export function resolveBranding(options: BrandingOptions | undefined, issuer: string): Branding {
  const { name, logo, colour } = options ?? {}
  return {
    name: name ?? new URL(issuer).host,
    ...(logo === undefined ? {} : { logo }),
    ...(colour === undefined ? {} : { colours: readableColours(colour) }),
  }
}

function readableColours(colour: string): BrandColours {
  // One of the two always reaches 4.58.
  const onFill = contrast(colour, '#ffffff') >= contrast(colour, '#000000') ? '#ffffff' : '#000000'
  return {
    accent: {
      light: readable(colour, BACKGROUNDS.light, 0),
      dark: readable(colour, BACKGROUNDS.dark, 255),
    },
    fill: colour,
    onFill,
  }
}

/** The colour itself, or moved towards black or white until it can be read. */
function readable(colour: string, background: string, towards: 0 | 255): string {
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = toHex(channels(colour).map((value) => value + (towards - value) * share))
    if (contrast(mixed, background) >= MIN_CONTRAST) return mixed
  }
  return towards === 0 ? '#000000' : '#ffffff'
}

/** WCAG 2.2, contrast ratio. */
export function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((value) =>
    value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
}

function toHex(values: readonly number[]): string {
  return `#${values.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`
}
