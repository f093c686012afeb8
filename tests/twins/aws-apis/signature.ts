import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { headerValue, headerValues, pathOf, queryOf, type HttpRequest } from '../http.ts'
import type { Identity } from './identities.ts'
import { ServiceError } from './service-error.ts'

export interface SignatureOptions {
  service: string
  region: string
  now: () => number
  identify: (accessKeyId: string) => Identity | undefined
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/

/** IAM guide, Elements of a request signature: five minutes either way. */
const SKEW_MILLISECONDS = 5 * 60_000

/**
 * IAM guide, Create a signed AWS API request (Signature Version 4). Whose request it is, or the
 * error of the page Common errors.
 */
export function verifySignature(request: HttpRequest, options: SignatureOptions): Identity {
  const header = headerValue(request.headers, 'authorization')
  if (header === undefined)
    throw new ServiceError(
      403,
      'MissingAuthenticationTokenException',
      'Missing Authentication Token',
    )
  const [, keyId = '', day = '', region, service, signedHeaders = '', signature = ''] =
    AUTHORIZATION.exec(header) ?? []
  const at = headerValue(request.headers, 'x-amz-date') ?? ''
  if (signature === '' || !/^\d{8}T\d{6}Z$/.test(at))
    throw new ServiceError(400, 'IncompleteSignatureException', 'The signature is incomplete.')

  const identity = options.identify(keyId)
  const token = headerValue(request.headers, 'x-amz-security-token')
  if (identity === undefined || identity.credentials.sessionToken !== token)
    throw new ServiceError(
      400,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    )
  if (region !== options.region || service !== options.service || !at.startsWith(day))
    throw invalid(`Credential should be scoped to ${options.region} and ${options.service}.`)
  if (Math.abs(parseDate(at) - options.now()) > SKEW_MILLISECONDS)
    throw invalid(`Signature expired or not yet current: ${at}`)

  const names = signedHeaders.split(';')
  const unsigned = request.headers
    .map(([name]) => name.toLowerCase())
    .find((name) => (name === 'host' || name.startsWith('x-amz-')) && !names.includes(name))
  if (unsigned !== undefined) throw invalid(`'${unsigned}' must be a signed header.`)

  const scope = `${day}/${options.region}/${options.service}/aws4_request`
  const canonical = sha256(toCanonicalRequest(request, names))
  const text = ['AWS4-HMAC-SHA256', at, scope, canonical].join('\n')
  const key = [day, options.region, options.service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${identity.credentials.secretAccessKey}`,
  )
  const expected = createHmac('sha256', key).update(text).digest()
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex')))
    throw invalid(
      'The request signature we calculated does not match the signature you provided. ' +
        'Check your AWS Secret Access Key and signing method.',
    )
  return identity
}

function toCanonicalRequest(request: HttpRequest, names: readonly string[]): string {
  const headers = names.map((name) => {
    const values = headerValues(request.headers, name).map((value) => value.trim())
    return `${name}:${values.join(',').replaceAll(/ +/g, ' ')}\n`
  })
  return [
    request.method,
    // Every service but S3 encodes the path a second time.
    pathOf(request.target).split('/').map(encode).join('/'),
    queryOf(request.target).split('&').toSorted().join('&'),
    headers.join(''),
    names.join(';'),
    sha256(request.body),
  ].join('\n')
}

/** RFC 3986 unreserved characters stay. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function parseDate(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)?.slice(1).map(Number) ?? []
  const [year = 0, month = 1, ...rest] = parts
  return Date.UTC(year, month - 1, ...rest)
}

function invalid(message: string): ServiceError {
  return new ServiceError(403, 'InvalidSignatureException', message)
}
