import { shown, type Position } from './finding.ts'

/**
 * Behaviour of AWS that its documents leave open (README, "What is not known yet"): the rows that a
 * look at a real deployment can settle. The names are those of the twins' switches.
 */
export const SWITCHES = {
  authorizationHeaderOverride: {
    row: 1,
    question: 'does an origin custom header Authorization replace the one that a client sends?',
  },
  headersPolicyOnErrors: {
    row: 2,
    question: 'does a response headers policy work on a 401?',
  },
  httpApiRemapsWwwAuthenticate: {
    row: 3,
    question: 'does an HTTP API rename WWW-Authenticate?',
  },
  resourceAtToken: {
    row: 4,
    question: 'what does the token endpoint make of `resource`?',
  },
  resourceBinding: {
    row: 4,
    question: 'what becomes of a `resource` that is no resource server?',
  },
  scopeOmitted: {
    row: 6,
    question: 'what does a sign-in without `scope` get?',
  },
  invalidScope: {
    row: 7,
    question: 'how is an unknown scope refused?',
  },
  cognitoAaaa: {
    row: 8,
    question: 'has the user pool’s domain IPv6 addresses?',
  },
  hostForwarding: {
    row: 9,
    question: 'does an HTTP API answer under the public host name?',
  },
  basicAndBodySecret: {
    row: 10,
    question: 'what becomes of a client_secret in the body beside Basic?',
  },
} as const

export type SwitchName = keyof typeof SWITCHES

export function settled(name: SwitchName, position: string, evidence: string): Position {
  return {
    row: SWITCHES[name].row,
    switch: name,
    position,
    evidence: shown(evidence),
    wouldTell: null,
  }
}

export function unsettled(name: SwitchName, evidence: string, wouldTell: string): Position {
  return {
    row: SWITCHES[name].row,
    switch: name,
    position: null,
    evidence: shown(evidence),
    wouldTell,
  }
}
