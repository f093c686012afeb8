import type { Mutant } from './mutant.ts'

const FOLDER = 'src/cli/connect'
const connect = ['tests/cli/connect/connect.test.ts']
const targets = ['tests/connect/targets.test.ts']
const edit = ['tests/cli/connect/edit-config.test.ts']
const check = ['tests/cli/connect/check-url.test.ts']

export const connectMutants: Mutant[] = [
  {
    id: 'connect-credentials',
    rule: 'a URL with a password does not get into configurations',
    file: 'src/connect/server-url.ts',
    find: "if (url.username !== '' || url.password !== '')",
    replace: 'if (false as boolean)',
    tests: targets,
  },
  {
    id: 'connect-characters',
    rule: 'nothing in the URL is a command or a variable to a shell or a client',
    file: 'src/connect/server-url.ts',
    find: 'if (!CHARACTERS.test(exact))',
    replace: 'if (false as boolean)',
    tests: targets,
  },
  {
    id: 'connect-prompt',
    rule: 'Command Prompt finds no command in a quoted configuration',
    file: 'src/connect/targets.ts',
    find: "'--add-mcp', withoutShellCharacters(vscodeJson(server))",
    replace: "'--add-mcp', vscodeJson(server)",
    tests: targets,
  },
  {
    id: 'connect-name-taken',
    rule: 'another server of the same name is not put aside silently',
    file: `${FOLDER}/plan.ts`,
    find: 'if (there !== undefined && !replaces)',
    replace: 'if (false as boolean)',
    tests: connect,
  },
  {
    id: 'connect-edited',
    rule: 'an entry that was edited is not taken out',
    file: `${FOLDER}/plan.ts`,
    find: 'if (!isDeepStrictEqual(there, wanted))',
    replace: 'if (false as boolean)',
    tests: connect,
  },
  {
    id: 'connect-changed-meanwhile',
    rule: 'a file that changed since it was read is not overwritten',
    file: `${FOLDER}/config-file.ts`,
    find: 'if (!isSame)',
    replace: 'if (false as boolean)',
    tests: connect,
  },
  {
    id: 'connect-read-only',
    rule: 'a read-only file is not renamed over',
    file: `${FOLDER}/config-file.ts`,
    find: 'if ((stats.mode & 0o222) === 0)',
    replace: 'if (false as boolean)',
    tests: connect,
  },
  {
    id: 'connect-rights',
    rule: 'a written file and its copy keep the rights of the old one',
    file: `${FOLDER}/config-file.ts`,
    find: 'fchmodSync(descriptor, mode & 0o7777)',
    replace: 'fchmodSync(descriptor, 0o644)',
    tests: connect,
  },
  {
    id: 'connect-utf8',
    rule: 'a file that is not UTF-8 is not re-encoded',
    file: `${FOLDER}/config-file.ts`,
    find: 'fatal: true, ',
    replace: '',
    tests: connect,
  },
  {
    id: 'connect-duplicate',
    rule: 'a file is refused where only one of two entries counts',
    file: `${FOLDER}/open-config.ts`,
    find: 'if (twice !== undefined)',
    replace: 'if (false as boolean)',
    tests: edit,
  },
  {
    id: 'connect-unconfirmed',
    rule: 'nothing is written that nobody agreed to',
    file: `${FOLDER}/run-connect.ts`,
    find: 'if (this.#options.yes) {',
    replace: 'if (this.#options.yes || ask === undefined) {',
    tests: connect,
  },
  {
    id: 'connect-broken-server',
    rule: 'with --yes nothing is written where nobody could sign in',
    file: `${FOLDER}/run-connect.ts`,
    find: 'if (broken === undefined) return undefined',
    replace: 'return undefined',
    tests: connect,
  },
  {
    id: 'connect-entry-secrets',
    rule: 'of another server’s entry no query is shown',
    file: `${FOLDER}/explain.ts`,
    find: 'shown(url.origin + url.pathname)',
    replace: 'shown(url.href)',
    tests: connect,
  },
  {
    id: 'connect-redirect',
    rule: 'a redirect is an error, because tokens do not follow it',
    file: `${FOLDER}/check-url.ts`,
    find: 'if (status >= 300 && status < 400)',
    replace: 'if (false as boolean)',
    tests: check,
  },
]
