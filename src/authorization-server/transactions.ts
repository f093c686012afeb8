import { isRevoked } from '../config/revocation.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import { nowSeconds, type AuthorizationServer } from './context.ts'
import { TransactionSchema, type Transaction } from './sealed-values.ts'

const TRANSACTION_SECONDS = 15 * 60
/** More would outgrow the header limits of servers in between; sign-ins in that many tabs are rare. */
const MAX_TRANSACTIONS = 4

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
