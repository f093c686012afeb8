import type { Ask, Asked } from '../ask.ts'
import {
  buildRegistrationRequests,
  type RegistrationName,
  type RegistrationRequest,
} from '../registration-requests.ts'
import { isObject, textOf } from './documents.ts'

export interface Registered {
  request: RegistrationRequest
  answer: Asked
  /** Of a registration that was accepted. */
  clientId: string | undefined
}

export type RegistrationEvidence = ReadonlyMap<RegistrationName, Registered>

/** RFC 7591: every kind of client registers once; the first alone, so that a cache would have it. */
export async function probeRegistration(
  ask: Ask,
  endpoint: string,
  names: readonly RegistrationName[],
  mcpRemotePort: number,
  scope: string | undefined,
): Promise<RegistrationEvidence> {
  const requests = buildRegistrationRequests(mcpRemotePort)
  const register = async (name: RegistrationName): Promise<[RegistrationName, Registered]> => {
    const request = requests[name]
    const answer = await ask(endpoint, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify({
        ...request,
        response_types: ['code'],
        ...(scope === undefined ? {} : { scope }),
      }),
    })
    return [name, { request, answer, clientId: readClientId(answer) }]
  }
  const [first, ...others] = new Set(names)
  if (first === undefined) return new Map()
  return new Map([await register(first), ...(await Promise.all(others.map(register)))])
}

function readClientId(answer: Asked): string | undefined {
  if (!answer.ok || answer.value.status >= 300 || !isObject(answer.value.json)) return undefined
  return textOf(answer.value.json, 'client_id')
}
