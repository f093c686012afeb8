import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'

/** A certificate authority that lives as long as one test. */
export interface Authority {
  /** Certificate of the authority. */
  pem: string
  /** Key and certificate for a host, made when first asked for. */
  contextFor(host: string): SecureContext
}

interface Subject {
  commonName: string
  publicKey: KeyObject
  extensions: Buffer[]
  days?: number
}

const DAY_MS = 24 * 60 * 60 * 1000

/** Valid by the machine's own clock: TLS libraries read no other. Below zero, a host's has expired. */
export function createAuthority({ validForDays = 365 }: { validForDays?: number } = {}): Authority {
  const name = 'Twins of the tests'
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issue = ({ commonName, publicKey, extensions, days = 365 }: Subject): string => {
    const algorithm = sequence(oid('1.2.840.10045.4.3.2'))
    const toBeSigned = sequence(
      der(0xa0, integer(Buffer.of(2))),
      integer(Buffer.concat([Buffer.of(1), randomBytes(15)])),
      algorithm,
      distinguishedName(name),
      sequence(time(Date.now() - 30 * DAY_MS), time(Date.now() + days * DAY_MS)),
      distinguishedName(commonName),
      publicKey.export({ type: 'spki', format: 'der' }),
      der(0xa3, sequence(...extensions)),
    )
    const signature = sign('sha256', toBeSigned, authority.privateKey)
    return pem(sequence(toBeSigned, algorithm, bitString(signature)))
  }
  const authorityPem = issue({
    commonName: name,
    publicKey: authority.publicKey,
    // RFC 5280 §4.2.1.9 and §4.2.1.3: cA; keyCertSign and cRLSign.
    extensions: [
      extension('2.5.29.19', sequence(der(0x01, Buffer.of(0xff)))),
      extension('2.5.29.15', der(0x03, Buffer.of(1, 0b0000_0110))),
    ],
  })
  const contexts = new Map<string, SecureContext>()
  const contextFor = (host: string): SecureContext => {
    const known = contexts.get(host)
    if (known !== undefined) return known
    const cert = issue({
      commonName: 'host',
      days: validForDays,
      publicKey: server.publicKey,
      // RFC 5280 §4.2.1.6 and §4.2.1.12: who it is for; serverAuth.
      extensions: [
        extension('2.5.29.17', sequence(generalName(host))),
        extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
      ],
    })
    const key = server.privateKey.export({ type: 'pkcs8', format: 'pem' })
    const context = createSecureContext({ key, cert })
    contexts.set(host, context)
    return context
  }
  return { pem: authorityPem, contextFor }
}

function generalName(host: string): Buffer {
  if (isIP(host) === 4) return der(0x87, Buffer.from(host.split('.').map(Number)))
  return der(0x82, Buffer.from(host))
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(commonName)))))
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(0x04, value))
}

/** RFC 5280 §4.1.2.5: years before 2050 as UTCTime. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, '')
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`))
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const septets = [arc & 0x7f]
    for (let left = arc >>> 7; left > 0; left >>>= 7) septets.unshift((left & 0x7f) | 0x80)
    bytes.push(...septets)
  }
  return der(0x06, Buffer.from(bytes))
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes)
}

function bitString(bytes: Buffer): Buffer {
  return der(0x03, Buffer.of(0), bytes)
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts)
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content])
  const size = length < 0x100 ? [0x81, length] : [0x82, length >>> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
