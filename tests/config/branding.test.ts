import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkBranding, contrast, resolveBranding } from '../../src/config/branding.ts'
import type { ConfigIssue } from '../../src/config/config-error.ts'
import type { BrandingOptions } from '../../src/config/options.ts'

const LOGO = 'data:image/png;base64,iVBORw0KGgo='

function problems(branding: BrandingOptions): string[] {
  const issues: ConfigIssue[] = []
  checkBranding(branding, issues)
  expect(issues.every(({ fix }) => fix !== '')).toBe(true)
  return issues.map(({ path }) => path)
}

describe('branding', () => {
  test('takes a name, a small image and a colour', () => {
    expect(problems({ name: 'Acme', logo: LOGO, colour: '#0B6457' })).toEqual([])
    expect(problems({})).toEqual([])
  })

  test.each<[string, BrandingOptions]>([
    ['branding.name', { name: '' }],
    ['branding.name', { name: 'a\u202Eb' }],
    ['branding.name', { name: 'x'.repeat(65) }],
    ['branding.logo', { logo: 'https://example.com/logo.png' }],
    ['branding.logo', { logo: '/logo.png' }],
    ['branding.logo', { logo: 'data:text/html;base64,PGI+' }],
    ['branding.logo', { logo: 'data:image/svg+xml,<svg onload="alert(1)">' }],
    ['branding.logo', { logo: `${LOGO}" onerror="alert(1)` }],
    ['branding.logo', { logo: `data:image/png;base64,${'A'.repeat(33_000)}` }],
    ['branding.colour', { colour: 'red' }],
    ['branding.colour', { colour: '#fff' }],
    ['branding.colour', { colour: '#ffffff}body{display:none' }],
  ])('refuses %s %j', (path, branding) => {
    expect(problems(branding)).toEqual([path])
  })

  test('without a name is the host’s', () => {
    expect(resolveBranding(undefined, 'https://mcp.example.com')).toEqual({
      name: 'mcp.example.com',
    })
  })

  test('text in any colour reaches a contrast of 4.5 in both schemes (WCAG 2.2, 1.4.3)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), (number) => {
        const colour = `#${number.toString(16).padStart(6, '0')}`
        const { colours } = resolveBranding({ colour }, 'https://mcp.example.com')
        if (colours === undefined) throw new Error('no colours')
        for (const background of ['#f4f3ef', '#fffefb'])
          expect(contrast(colours.accent.light, background)).toBeGreaterThanOrEqual(4.5)
        for (const background of ['#101413', '#1a201f'])
          expect(contrast(colours.accent.dark, background)).toBeGreaterThanOrEqual(4.5)
        expect(contrast(colours.onFill, colours.fill)).toBeGreaterThanOrEqual(4.5)
      }),
    )
  })

  test('keeps a colour that can be read already', () => {
    const { colours } = resolveBranding({ colour: '#0b6457' }, 'https://mcp.example.com')
    expect(colours?.accent.light).toBe('#0b6457')
  })
})
