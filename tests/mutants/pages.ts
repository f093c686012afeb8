import type { Mutant } from './mutant.ts'

const pages = ['tests/pages/pages.test.ts']

export const pagesMutants: Mutant[] = [
  {
    id: 'pages-script-of-sign-in',
    rule: 'scripts are allowed where a page has one, by its hash, and nowhere else',
    file: 'src/pages/layout.ts',
    find: '`script-src ${await hashSource(script)}`',
    replace: '"script-src \'unsafe-inline\'"',
    tests: pages,
  },
  {
    id: 'pages-images',
    rule: 'images are allowed only where there is a logo',
    file: 'src/pages/layout.ts',
    find: "...(logo === undefined ? [] : ['img-src data:']),",
    replace: "'img-src data:',",
    tests: pages,
  },
  {
    id: 'pages-default-src',
    rule: 'a page loads nothing that it does not name',
    file: 'src/pages/layout.ts',
    find: '"default-src \'none\'",',
    replace: '',
    tests: pages,
  },
  {
    id: 'pages-claimed-name-escaped',
    rule: 'what an app calls itself is text',
    file: 'src/pages/consent.ts',
    find: '<bdi>${claimedName}</bdi>',
    replace: '<bdi>${Object.assign(new String(claimedName), { isEscaped: true })}</bdi>',
    tests: pages,
  },
  {
    id: 'pages-origin-for-people',
    rule: 'machines are told that nothing is at the origin',
    file: 'src/pages/serve-pages.ts',
    find: "app.get('/', (c) => (isPerson(c) ?",
    replace: "app.get('/', (c) => (isPerson(c) || true ?",
    tests: pages,
  },
  {
    id: 'pages-not-found-for-people',
    rule: 'machines get JSON where there is nothing',
    file: 'src/pages/serve-pages.ts',
    find: 'isPerson(c) ? pageResponse(config, notFoundPage(), 404)',
    replace: 'true ? pageResponse(config, notFoundPage(), 404)',
    tests: pages,
  },
  {
    id: 'branding-logo',
    rule: 'a logo is a small image and nothing else',
    file: 'src/config/branding.ts',
    find: '(!LOGO.test(logo) || logo.length > MAX_LOGO_LENGTH)',
    replace: 'false',
    tests: ['tests/config/branding.test.ts'],
  },
  {
    id: 'branding-colour',
    rule: 'a colour cannot be anything else in the style sheet',
    file: 'src/config/branding.ts',
    find: '/^#[0-9a-f]{6}$/i',
    replace: '/^#/',
    tests: ['tests/config/branding.test.ts'],
  },
  {
    id: 'branding-contrast',
    rule: 'text in the colour of a brand can be read',
    file: 'src/config/branding.ts',
    find: 'if (contrast(mixed, background) >= MIN_CONTRAST) return mixed',
    replace: 'return mixed',
    tests: ['tests/config/branding.test.ts'],
  },
]
