import type { Mutant } from './mutant.ts'

const FINDINGS = 'tests/aws/verify/findings.test.ts'
const HOSTILE = 'tests/aws/verify/hostile.test.ts'
const LOGIN = 'tests/aws/verify/login.test.ts'

export const awsVerifyMutants: Mutant[] = [
  {
    id: 'verify-asks-anybody',
    rule: 'aws verify asks no address of its own network that a deployment names',
    file: 'src/aws/verify/authorization-leg.ts',
    find: '!COGNITO_DOMAIN.test(url.hostname)',
    replace: 'false',
    tests: [FINDINGS],
  },
  {
    id: 'verify-follows-redirects',
    rule: 'aws verify follows no redirect',
    file: 'src/aws/verify/outside.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    tests: [HOSTILE],
  },
  {
    id: 'verify-reads-on',
    rule: 'aws verify reads no endless body',
    file: 'src/aws/verify/outside.ts',
    find: 'length > MAX_BODY_BYTES',
    replace: 'false',
    tests: [HOSTILE],
  },
  {
    id: 'verify-prints-escapes',
    rule: 'what a deployment says does not steer the terminal',
    file: 'src/aws/verify/finding.ts',
    find: ".replace(/[\\p{C}\\p{Zl}\\p{Zp}]/gu, '\\u{FFFD}')",
    replace: '',
    tests: [HOSTILE],
  },
  {
    id: 'verify-takes-any-callback',
    rule: 'aws verify --login takes no code but that of its own state',
    file: 'src/aws/verify/callback-listener.ts',
    find: 'resolve === undefined',
    replace: 'false',
    tests: [LOGIN],
  },
  {
    id: 'verify-leaves-grants',
    rule: 'aws verify --login lets no grant live on',
    file: 'src/aws/verify/login.ts',
    find: 'if (tokens.ok && tokens.value.refreshToken !== undefined)',
    replace: 'if (false)',
    tests: [LOGIN],
  },
  {
    id: 'verify-misses-shared-secret',
    rule: 'aws verify names a client secret that registration hands out',
    file: 'src/aws/verify/checks/registration.ts',
    find: 'if (!registered.value.hasSecret)',
    replace: 'if (true)',
    tests: [FINDINGS],
  },
]
