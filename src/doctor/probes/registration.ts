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

/** RFC 7591: every kind of client registers once. */
export async function probeRegistration(
  ask: Ask,
  endpoint: string,
  names: readonly RegistrationName[],
  mcpRemotePort: number,
  scope: string | undefined,
): Promise<RegistrationEvidence> {
  const requests = buildRegistrationRequests(mcpRemotePort)
  const registered = await Promise.all(
    [...new Set(names)].map(async (name): Promise<[RegistrationName, Registered]> => {
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
    }),
  )
  return new Map(registered)
}

function readClientId(answer: Asked): string | undefined {
  if (!answer.ok || answer.value.status >= 300 || !isObject(answer.value.json)) return undefined
  return textOf(answer.value.json, 'client_id')
}
