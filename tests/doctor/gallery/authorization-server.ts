import { createHash, randomUUID } from 'node:crypto'
import type { Fault } from './fault.ts'
import { error, page, redirect, type Reply, type Visit } from './reply.ts'

/** Documents that a healthy server has copies of. */
const METADATA_DOCUMENTS: Readonly<Record<string, string[]>> = {
  'https://claude.ai/oauth/claude-code-client-metadata': [
    'http://localhost/callback',
    'http://127.0.0.1/callback',
  ],
}

interface Grant {
  clientId: string
  redirectUri: string
  codeChallenge: string
}

const PASSWORD = '<input type="password" name="password"></form>'

/** Registers anybody, asks whether to go on, and issues tokens. Keeps everything in memory. */
export class AuthorizationServer {
  readonly #origin: string
  readonly #fault: () => Fault
  readonly #clients: Map<string, string[]> = new Map()
  readonly #codes: Map<string, Grant> = new Map()
  readonly #accessTokens: Set<string> = new Set()
  /** Refresh tokens by family; the newest and the one before it. */
  readonly #refreshTokens: Map<string, { clientId: string; age: number; successor?: string }> =
    new Map()
  readonly #seen: Set<string> = new Set()

  constructor(origin: string, fault: () => Fault) {
    this.#origin = origin
    this.#fault = fault
  }

  accepts(token: string): boolean {
    return this.#accessTokens.has(token)
  }

  register({ body }: Visit): Reply {
    const fault = this.#fault()
    const metadata = JSON.parse(body) as {
      redirect_uris: string[]
      token_endpoint_auth_method: string
    }
    if (metadata.redirect_uris.some((uri) => fault.refusesRedirectUris?.test(uri)))
      return error(400, 'invalid_redirect_uri')
    if (metadata.token_endpoint_auth_method === fault.refusesAuthMethod)
      return error(400, 'invalid_client_metadata')
    const kept = metadata.redirect_uris.filter((uri) => !fault.dropsRedirectUris?.test(uri))
    const clientId = randomUUID()
    if (fault.forgetsClients !== true) this.#clients.set(clientId, kept)
    return {
      status: 201,
      headers: { 'cache-control': 'no-store' },
      json: {
        ...metadata,
        redirect_uris: kept,
        token_endpoint_auth_method: 'none',
        client_id: clientId,
        client_id_issued_at: Math.floor(Date.now() / 1000),
      },
    }
  }

  authorize(visit: Visit): Reply {
    const fault = this.#fault()
    const query = visit.url.searchParams
    const clientId = query.get('client_id') ?? ''
    const redirectUri = query.get('redirect_uri') ?? ''
    const asksForJson = visit.headers.accept === 'application/json'
    const redirectUris = this.#redirectUris(clientId)
    if (redirectUris === undefined) return this.#refuseUnknown(redirectUri, asksForJson)
    if (!redirectUris.some((uri) => this.#matches(uri, redirectUri)))
      return asksForJson ? error(400, 'invalid_request') : page(400, 'redirect_uri is not known')
    if (query.get('response_type') !== 'code')
      return this.#return(redirectUri, query, { error: 'unsupported_response_type' })
    if (query.get('code_challenge_method') !== 'S256')
      return this.#return(redirectUri, query, { error: 'invalid_request' })
    if (fault.spendsRequests === true) {
      if (this.#seen.has(visit.url.href)) return error(400, 'invalid_request')
      this.#seen.add(visit.url.href)
    }
    return this.#askPerson(visit.url.search.slice(1))
  }

  #redirectUris(clientId: string): string[] | undefined {
    const { refusesMetadataDocuments } = this.#fault()
    return (
      this.#clients.get(clientId) ??
      (refusesMetadataDocuments === true ? undefined : METADATA_DOCUMENTS[clientId])
    )
  }

  #refuseUnknown(redirectUri: string, asksForJson: boolean): Reply {
    switch (this.#fault().unknownClientAtAuthorize) {
      case 'html':
        return page(400, 'Unknown client')
      case 'login page':
        return page(200, '<form method="post"><input type="password" name="password"></form>')
      case 'redirect':
        return redirect(`${redirectUri}?error=unauthorized_client`)
      default:
        return asksForJson
          ? error(400, 'invalid_client')
          : page(400, 'This client is not known. Delete what it remembers and try again.')
    }
  }

  #matches(registered: string, asked: string): boolean {
    if (registered === asked) return true
    if (this.#fault().comparesPorts === true) return false
    const bare = (uri: string): string =>
      uri.replace(/^(http:\/\/(?:localhost|127\.0\.0\.1))(?::\d+)?/, '$1')
    return bare(registered) === bare(asked) && bare(asked) !== asked
  }

  #askPerson(request: string): Reply {
    const { consent } = this.#fault()
    const formAction = consent?.formAction ?? "'self' http://localhost:* http://127.0.0.1:* https:"
    const escaped = request.replaceAll('&', '&amp;')
    return page(
      200,
      `<form method="post" action="/consent"><input type="hidden" name="request" value="${escaped}"><button name="answer" value="no">Cancel</button><button name="answer" value="yes">Allow</button></form>`,
      {
        'content-security-policy': `default-src 'none'; form-action ${formAction}`,
        'set-cookie': consent?.cookie ?? 'consent=1; HttpOnly; SameSite=Lax; Path=/',
      },
    )
  }

  consent({ body, headers }: Visit): Reply {
    const form = new URLSearchParams(body)
    const query = new URLSearchParams(form.get('request') ?? '')
    const { upstream, consent } = this.#fault()
    if (!/\bconsent=1/.test(headers.cookie ?? '')) return page(400, 'Your session is gone')
    if (form.get('answer') !== 'yes')
      return this.#return(query.get('redirect_uri') ?? '', query, { error: 'access_denied' })
    if (upstream === undefined) return this.#finish(query)
    // The identity provider is another site to the browser: 127.0.0.1 is not localhost.
    const elsewhere = this.#origin.replace('localhost', '127.0.0.1')
    return redirect(
      `${elsewhere}/upstream/authorize?${query}`,
      consent?.cookie === undefined ? {} : { 'set-cookie': consent.cookie },
    )
  }

  upstream({ url, method }: Visit): Reply {
    const query = url.searchParams
    const { upstream } = this.#fault()
    if (upstream?.circle === true) return redirect(url.href)
    if (upstream?.refusesAll === true) return page(400, 'Something is not configured')
    if (upstream?.refusesRedirectUri === true) return page(400, 'error=redirect_mismatch')
    if (upstream?.asksForPassword === true) return page(200, `<form method="post">${PASSWORD}`)
    if (upstream?.knowsPassword === true && method !== 'POST')
      return page(
        200,
        `<form method="post" action="${url.pathname}?${query}"><input type="hidden" name="request" value="1">${PASSWORD}`,
      )
    const scopes = (query.get('scope') ?? '').split(' ')
    const back = (parameters: string): Reply =>
      redirect(`${this.#origin}/callback?${parameters}&${query}`)
    if (upstream?.refusesScope !== undefined && scopes.includes(upstream.refusesScope))
      return back('upstream_error=invalid_scope')
    if (upstream?.refusesServerScope === true) return back('error=invalid_scope')
    if (upstream?.refusesResource === true && query.has('resource'))
      return page(400, 'AADSTS901002: The resource request parameter is not supported.')
    return back('upstream_code=1')
  }

  /** Where the identity provider sends people back to, who must still have their cookie. */
  callback({ url, headers }: Visit): Reply {
    const query = url.searchParams
    if (!/\bconsent=1/.test(headers.cookie ?? '')) return page(400, 'Your session is gone')
    const refusal = query.get('upstream_error') ?? (query.has('error') ? 'server_error' : null)
    return refusal === null
      ? this.#finish(query)
      : this.#return(query.get('redirect_uri') ?? '', query, { error: refusal })
  }

  #finish(query: URLSearchParams): Reply {
    const code = randomUUID()
    const redirectUri = query.get('redirect_uri') ?? ''
    if (this.#fault().deniesAccess === true)
      return this.#return(redirectUri, query, { error: 'access_denied' })
    this.#codes.set(code, {
      clientId: query.get('client_id') ?? '',
      redirectUri,
      codeChallenge: query.get('code_challenge') ?? '',
    })
    return this.#return(redirectUri, query, { code })
  }

  #return(redirectUri: string, query: URLSearchParams, parameters: Record<string, string>): Reply {
    const { iss } = this.#fault()
    const target = new URL(redirectUri)
    const all = {
      ...parameters,
      state: query.get('state') ?? '',
      ...(iss === 'absent' ? {} : { iss: iss === 'wrong' ? 'https://idp.example' : this.#origin }),
    }
    for (const [name, value] of Object.entries(all)) target.searchParams.set(name, value)
    return redirect(target.href)
  }

  token(visit: Visit): Reply {
    const reply = this.#answerToken(visit)
    const isPage = reply.status >= 400 && this.#fault().tokenErrorsArePages === true
    return isPage ? page(reply.status, 'Something went wrong') : reply
  }

  #answerToken({ body }: Visit): Reply {
    const fault = this.#fault()
    const form = new URLSearchParams(body)
    const clientId = form.get('client_id') ?? ''
    if (this.#redirectUris(clientId) === undefined) {
      const { status, error: code } = fault.unknownClientAtToken ?? {
        status: 401,
        error: 'invalid_client',
      }
      return error(status, code)
    }
    if (fault.needsSecret === true && !form.has('client_secret'))
      return error(401, 'invalid_client')
    if (fault.refusesResourceAtToken === true && form.has('resource'))
      return error(400, 'invalid_target')
    return form.get('grant_type') === 'refresh_token'
      ? this.#refresh(form.get('refresh_token') ?? '', clientId)
      : this.#redeem(form, clientId)
  }

  #redeem(form: URLSearchParams, clientId: string): Reply {
    const code = form.get('code') ?? ''
    const grant = this.#codes.get(code)
    this.#codes.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (
      this.#fault().refusesCodes === true ||
      grant?.clientId !== clientId ||
      grant.redirectUri !== form.get('redirect_uri') ||
      grant.codeChallenge !== challenge
    )
      return error(400, 'invalid_grant')
    return this.#issue(clientId, 0)
  }

  #refresh(token: string, clientId: string): Reply {
    const known = this.#refreshTokens.get(token)
    const { tokens } = this.#fault()
    if (known?.clientId !== clientId) return error(400, 'invalid_grant')
    if (tokens?.refreshToken === 'once' && known.age > 0) return error(400, 'invalid_grant')
    if (known.successor !== undefined && tokens?.refreshToken === 'no grace')
      return error(400, 'invalid_grant')
    const reply = this.#issue(clientId, known.age + 1)
    known.successor = 'issued'
    return reply
  }

  /** Opaque, or readable with what somebody else would look for. */
  #mint(): string {
    const { audience, use } = this.#fault().tokens ?? {}
    if (audience === undefined) return randomUUID()
    const encode = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { aud: audience, jti: randomUUID(), token_use: use }
    return `${encode({ alg: 'none' })}.${encode(claims)}.signature`
  }

  #issue(clientId: string, age: number): Reply {
    const { tokens } = this.#fault()
    const accessToken = this.#mint()
    const isRefused =
      tokens?.areRefused === true || (tokens?.refreshedAreRefused === true && age > 0)
    if (!isRefused) this.#accessTokens.add(accessToken)
    const refreshToken = randomUUID()
    this.#refreshTokens.set(refreshToken, { clientId, age })
    const expiresIn = tokens?.expiresIn === undefined ? 3600 : tokens.expiresIn
    return {
      status: 200,
      headers: { 'cache-control': 'no-store' },
      json: {
        access_token: accessToken,
        ...(tokens?.typeMissing === true ? {} : { token_type: 'Bearer' }),
        scope: 'tools',
        ...(expiresIn === null ? {} : { expires_in: expiresIn }),
        ...(tokens?.refreshToken === 'none' ? {} : { refresh_token: refreshToken }),
      },
    }
  }
}
