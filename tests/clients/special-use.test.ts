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
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64 of a network’s own', '64:ff9b:1::a00:1'],
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
