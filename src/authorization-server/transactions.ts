import { isRevoked } from '../config/revocation.ts'
import { randomId } from '../crypto/signing.ts'
import { isFlowId } from '../protocol/flow-id.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { nowSeconds, type AuthorizationServer } from './context.ts'
import { TransactionSchema, type Transaction } from './sealed-values.ts'

const TRANSACTION_SECONDS = 15 * 60
/** More would outgrow the header limits of servers in between; sign-ins in that many tabs are rare. */
const MAX_TRANSACTIONS = 4

const RANDOM_LENGTH = 22
const ID = new RegExp(`^[A-Za-z0-9_-]{${RANDOM_LENGTH}}`)

/**
 * The `state` sent to the identity provider: 128 random bits, and the flow id after them. So a
 * person who comes back without the cookie (too late, in another browser, cookies blocked) can be
 * told which sign-in that was. Nothing is decided by it: without the cookie anybody can write it.
 */
export function transactionId(
  random: (length: number) => Uint8Array,
  flow: string | undefined,
): string {
  return randomId(random) + (flow ?? '')
}

/** Undefined where this is no `state` of ours. */
export function parseTransactionId(state: string): { flow: string | undefined } | undefined {
  const flow = state.slice(RANDOM_LENGTH)
  if (!ID.test(state) || (flow !== '' && !isFlowId(flow))) return undefined
  return { flow: flow === '' ? undefined : flow }
}

/** Cookies that begin a sign-in; the oldest of too many go. */
export async function startTransaction(
  server: AuthorizationServer,
  cookies: ReadonlyMap<string, string>,
  transaction: Transaction,
): Promise<string[]> {
  const sealed = await server.sealer.seal(
    'transaction',
    transaction,
    nowSeconds(server) + TRANSACTION_SECONDS,
  )
  const others = await Promise.all(
    [...cookies]
      .filter(([name]) => name.startsWith(server.cookies.transactionPrefix))
      .map(async ([name, value]) => {
        const opened = await server.sealer.open('transaction', value, TransactionSchema)
        return { name, issuedAt: opened.ok ? opened.value.issuedAt : 0 }
      }),
  )
  const evicted = others.toSorted((a, b) => b.issuedAt - a.issuedAt).slice(MAX_TRANSACTIONS - 1)
  const name = server.cookies.transactionPrefix + transaction.id
  return [
    `${name}=${sealed}; ${server.cookies.attributes}; Max-Age=${TRANSACTION_SECONDS}`,
    ...evicted.map((cookie) => clearCookie(server, cookie.name)),
  ]
}

/**
 * The sign-in that a `state` belongs to, if this very browser began it. The id is sealed in the
 * cookie as well as part of its name, so a cookie cannot be renamed to serve another state.
 */
export async function openTransaction(
  server: AuthorizationServer,
  cookies: ReadonlyMap<string, string>,
  state: string,
): Promise<
  Result<Transaction, { reason: 'transaction_missing' } | { reason: 'transaction_invalid' }>
> {
  const sealed = cookies.get(server.cookies.transactionPrefix + state)
  if (sealed === undefined) return fail({ reason: 'transaction_missing' })
  const opened = await server.sealer.open('transaction', sealed, TransactionSchema)
  return opened.ok &&
    opened.value.id === state &&
    !isRevoked(server.config.revokeBefore, opened.value)
    ? ok(opened.value)
    : fail({ reason: 'transaction_invalid' })
}

export function clearTransaction(server: AuthorizationServer, state: string): string {
  return clearCookie(server, server.cookies.transactionPrefix + state)
}

function clearCookie(server: AuthorizationServer, name: string): string {
  return `${name}=; ${server.cookies.attributes}; Max-Age=0`
}
