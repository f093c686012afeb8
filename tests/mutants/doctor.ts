import type { Mutant } from './mutant.ts'

const badInput = ['tests/doctor/bad-input.test.ts']
const command = ['tests/cli/doctor.test.ts']

export const doctorMutants: Mutant[] = [
  {
    id: 'doctor-query',
    rule: 'a key in the query of the MCP URL is not shown',
    file: 'src/doctor/examine.ts',
    find: "(search === '' ? text : text.replaceAll(search, '?…'))",
    replace: 'text',
    tests: command,
  },
  {
    id: 'doctor-special-use',
    rule: 'a public server cannot send doctor into the network that it runs in',
    file: 'src/doctor/ask.ts',
    find: 'allowsSpecialUse ? known : known.filter(ports.isPublicAddress)',
    replace: 'known',
    tests: badInput,
  },
  {
    id: 'doctor-mixed-addresses',
    rule: 'a name with public and private addresses leads nowhere private',
    file: 'src/doctor/evidence.ts',
    find: 'allowsSpecialUse: network.isSpecial',
    replace: 'allowsSpecialUse: !network.isPublic',
    tests: badInput,
  },
  {
    id: 'doctor-fills-nothing',
    rule: 'doctor sends no form that a person would have to fill in',
    file: 'src/doctor/browser-page.ts',
    find: "if (type !== 'hidden' && type !== 'checkbox') return undefined",
    replace: '',
    tests: ['tests/doctor/browser-page.test.ts'],
  },
  {
    id: 'doctor-form-elsewhere',
    rule: 'doctor sends no form to another origin than the page it stands on',
    file: 'src/doctor/browser-page.ts',
    find: 'if (action?.origin !== page.origin) return undefined',
    replace: '',
    tests: ['tests/doctor/browser-page.test.ts'],
  },
  {
    id: 'doctor-special-use-upstream',
    rule: 'a public identity provider cannot send doctor into the network that it runs in',
    file: 'src/doctor/evidence.ts',
    find: 'allowsSpecialUse: isSpecial, end',
    replace: 'allowsSpecialUse: isSpecial || true, end',
    tests: ['tests/doctor/identity-provider.test.ts'],
  },
  {
    id: 'doctor-terminal',
    rule: 'nothing that a server says reaches the terminal as a command to it',
    file: 'src/doctor/finding.ts',
    find: ".replace(/[\\p{C}\\p{Zl}\\p{Zp}]/gu, '\\u{FFFD}')",
    replace: '',
    tests: badInput,
  },
  {
    id: 'doctor-name-server',
    rule: 'a name server that never answers costs no more than the time that was set',
    file: 'src/doctor/network.ts',
    find: "end.addEventListener('abort', giveUp, { once: true })",
    replace: '',
    tests: badInput,
  },
  {
    id: 'doctor-remembered-issuer',
    rule: 'a remembered client_id is not told to an issuer that the URL has come to lead to since',
    file: 'src/doctor/probes/caches.ts',
    find: 'if (issuer === undefined) return isOfThisUrl',
    replace: 'if (isOfThisUrl) return true',
    tests: ['tests/doctor/remembered-clients.test.ts'],
  },
  {
    id: 'doctor-claimed-issuer',
    rule: 'a remembered client_id is not told to a server that only calls itself its issuer',
    file: 'src/doctor/evidence.ts',
    find: 'said !== undefined && isSameIssuer(said, advertised)',
    replace: 'said !== undefined',
    tests: ['tests/doctor/remembered-clients.test.ts'],
  },
]
