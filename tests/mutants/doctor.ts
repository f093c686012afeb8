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
    find: 'if (!allowsSpecialUse && !addresses.every(ports.isPublicAddress))',
    replace: 'if (false as boolean)',
    tests: badInput,
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
]
