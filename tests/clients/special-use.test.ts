import { describe, expect, test } from 'vitest'
import { isPublicAddress, isPublicHostName } from '../../src/clients/special-use.ts'

describe('RFC 6890: special-use addresses are nobody’s on the internet', () => {
  test.each([
    ['this host', '0.0.0.0'],
    ['loopback', '127.0.0.1'],
    ['all of loopback', '127.255.255.254'],
    ['private, 10', '10.0.0.1'],
    ['private, 172', '172.31.255.255'],
    ['private, 192', '192.168.1.1'],
    ['shared by carriers', '100.64.0.1'],
    ['link-local, where clouds keep credentials', '169.254.169.254'],
    ['IETF protocols', '192.0.0.8'],
    ['documentation', '192.0.2.1'],
    ['6to4 relays', '192.88.99.1'],
    ['benchmarks', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified, v6', '::'],
    ['loopback, v6', '::1'],
    ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
    ['IPv4-mapped in hexadecimal', '::ffff:7f00:1'],
    ['even IPv4-mapped and public', '::ffff:8.8.8.8'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['IPv4-translated', '::ffff:0:127.0.0.1'],
    ['6to4', '2002:7f00:1::1'],
    ['Teredo', '2001:0:7f00:1::'],
    ['link-local, v6', 'fe80::1'],
    ['unique local', 'fd00:ec2::254'],
    ['site-local', 'fec0::1'],
    ['multicast, v6', 'ff02::1'],
    ['documentation, v6', '2001:db8::1'],
    ['discard', '100::1'],
    ['outside what is given out', '4000::1'],
    ['with a zone', 'fe80::1%eth0'],
    ['no address', 'example.com'],
    ['nothing', ''],
  ])('%s: %s', (_what, address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  test.each(['8.8.8.8', '160.79.104.10', '2606:4700::6812:202f', '2a00:1450::1'])(
    '%s is public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true)
    },
  )
})

/** First and last of a network, and what comes before and after where that is public. */
const NETWORKS: readonly [rfc: string, first: string, last: string, ...around: string[]][] = [
  ['RFC 791 §3.2', '0.0.0.0', '0.255.255.255', '1.0.0.0'],
  ['RFC 1918, 10/8', '10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
  ['RFC 6598', '100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
  ['RFC 1122 §3.2.1.3', '127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
  ['RFC 3927', '169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
  ['RFC 1918, 172.16/12', '172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
  ['RFC 6890 §2.1', '192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
  ['RFC 5737, TEST-NET-1', '192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
  ['RFC 7526', '192.88.99.0', '192.88.99.255', '192.88.98.255', '192.88.100.0'],
  ['RFC 1918, 192.168/16', '192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
  ['RFC 2544', '198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
  ['RFC 5737, TEST-NET-2', '198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
  ['RFC 5737, TEST-NET-3', '203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
  ['RFC 5771', '224.0.0.0', '239.255.255.255', '223.255.255.255'],
  ['RFC 1112 §4', '240.0.0.0', '255.255.255.255'],
]

/** RFC 6052 §2.2: the IPv4 address is the last 32 bits; §2.4 allows it to be written with dots. */
const WRAPPED: readonly ((address: string) => string)[] = [
  (address) => address,
  (address) => `64:ff9b::${address}`,
  (address) => `64:ff9b::${hexadecimal(address)}`,
  (address) => `0064:FF9B:0:0:0:0:${hexadecimal(address)}`,
]

function hexadecimal(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

describe('an IPv4 address, and the same behind NAT64 (RFC 6052)', () => {
  test.each(NETWORKS)('%s: from %s to %s, and no further', (_rfc, first, last, ...around) => {
    for (const wrap of WRAPPED) {
      expect([first, last].map(wrap).filter(isPublicAddress)).toEqual([])
      expect(around.map(wrap).filter((address) => !isPublicAddress(address))).toEqual([])
    }
  })
})

describe('only the well-known prefix of NAT64 is seen through', () => {
  test.each([
    ['RFC 8215, a prefix for networks of one’s own', '64:ff9b:1::808:808'],
    ['RFC 8215, its last', '64:ff9b:1:ffff:ffff:ffff:808:808'],
    ['RFC 6052 §2.1: 96 bits and no less', '64:ff9b::1:0:808:808'],
    ['RFC 6052 §2.1: 96 bits, the last of them', '64:ff9b::1:808:808'],
    ['one below', '64:ff9a:ffff:ffff:ffff:ffff:808:808'],
    ['RFC 4291 §2.5.5.2, mapped', '::ffff:8.8.8.8'],
    ['RFC 4291 §2.5.5.1, compatible', '::8.8.8.8'],
    ['RFC 7915, translated', '::ffff:0:8.8.8.8'],
    ['RFC 3056, 6to4', '2002:808:808::1'],
    ['RFC 4380, Teredo', '2001:0:808:808::f7f7:f7f7'],
    ['RFC 6052 §2.2 in a network’s own /32', '2001:db8:808:808::'],
  ])('%s: %s', (_rfc, address) => {
    expect(isPublicAddress(address)).toBe(false)
  })
})

describe('RFC 6761: names that are no hosts of the internet', () => {
  test.each([
    'localhost',
    'app.localhost',
    'printer.local',
    'metadata.google.internal',
    'router.home.arpa',
    'hidden.onion',
    'nothing.invalid',
    'intranet',
    '127.0.0.1',
    '[::1]',
    'example.com.',
    'exa_mple..com',
    '.example.com',
    'example.123',
    '',
  ])('%s', (host) => {
    expect(isPublicHostName(host)).toBe(false)
  })

  test.each(['example.com', 'a.b-c.example', 'xn--r8jz45g.jp', 'notlocal.example', 'mylocal.dev'])(
    '%s may be one',
    (host) => {
      expect(isPublicHostName(host)).toBe(true)
    },
  )
})
