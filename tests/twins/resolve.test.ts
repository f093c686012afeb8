import { describe, expect, it } from 'vitest'
import type { Topology } from '../../src/aws/topology.ts'
import { resolve } from './resolve.ts'

const topology: Topology = {
  ignored: [],
  resources: [
    {
      kind: 'distribution',
      name: 'edge',
      aliases: ['${userPoolDomain.pool.host}', 'b.${region}.example.com'],
      certificateArn: null,
      minimumTls: null,
      httpVersion: 'http2',
      enabled: true,
      webAcl: null,
      origins: [],
      behaviors: [],
      errorResponses: [],
      accessLogs: null,
    },
    { kind: 'edgeFunction', name: 'post', runtime: 'cloudfront-js-2.0', code: 'return `${a.b.c}`' },
  ],
}

describe('resolving placeholders', () => {
  it('replaces them wherever they stand, several in a text', () => {
    const values = new Map([
      ['userPoolDomain.pool.host', 'a'],
      ['region', 'eu'],
    ])
    expect(resolve(topology, values).resources[0]).toMatchObject({
      aliases: ['a', 'b.eu.example.com'],
      enabled: true,
    })
  })

  it('leaves the code of edge functions alone', () => {
    const values = new Map([
      ['userPoolDomain.pool.host', 'a'],
      ['region', 'eu'],
      ['a.b.c', 'wrong'],
    ])
    expect(resolve(topology, values).resources[1]).toEqual(topology.resources[1])
  })

  it('names resource and member of every placeholder without a value', () => {
    expect(() => resolve(topology, new Map())).toThrow(
      /distribution\.edge\.aliases\[0\]: nothing gives \$\{userPoolDomain\.pool\.host\} a value; distribution\.edge\.aliases\[1\]: .*\$\{region\}/,
    )
  })

  it('does not look for placeholders in what it has put in', () => {
    const values = new Map([
      ['userPoolDomain.pool.host', '${region}'],
      ['region', 'eu'],
    ])
    expect(resolve(topology, values).resources[0]).toMatchObject({
      aliases: ['${region}', 'b.eu.example.com'],
    })
  })
})
