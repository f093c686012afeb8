import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NODE_PORTS } from '../../src/cli/doctor-ports.ts'
import { graveCodes, look } from './gallery/examine.ts'
import { startIdentityProvider } from './gallery/identity-provider.ts'
import { type GalleryServer, startServer } from './gallery/server.ts'

let mcp: GalleryServer

beforeEach(async () => {
  mcp = await startServer()
})

afterEach(() => mcp.close())

describe('the identity provider behind the server', () => {
  test('that is healthy gives nothing to mend', async () => {
    const idp = await startIdentityProvider()
    const report = await look(mcp.mcpUrl, { identityProvider: idp.issuer })
    await idp.close()
    expect(graveCodes(report)).toEqual([])
  })

  test('that is public cannot send doctor into the network that it runs in', async () => {
    const idp = await startIdentityProvider({
      document: { jwks_uri: 'http://169.254.169.254/latest/meta-data' },
    })
    const asked: string[] = []
    await look(mcp.mcpUrl, {
      identityProvider: idp.issuer,
      ports: {
        resolve: (host) => Promise.resolve([host === 'localhost' ? '93.184.216.34' : host]),
        fetch: (url, init) => {
          asked.push(new URL(url).hostname)
          return NODE_PORTS.fetch(url, init, ['127.0.0.1'])
        },
      },
    })
    await idp.close()
    expect(new Set(asked)).toEqual(new Set(['localhost']))
  })

  test.each([
    ['https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_x', /rotates refresh tokens/],
    ['https://login.microsoftonline.com/common/v2.0', /AADSTS/],
    ['https://acme.eu.auth0.com/', /audience/],
    ['https://acme.okta.com/oauth2/default', /administrators/],
    ['https://accounts.google.com', /access_type=offline/],
    ['https://id.example/realms/staff', /trusted hosts/],
  ])('what is known about %s is said', async (named, what) => {
    const fetch: NonNullable<Parameters<typeof look>[1]>['ports'] = {
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    }
    const { findings } = await look(mcp.mcpUrl, { identityProvider: named, ports: fetch })
    expect(findings.find(({ code }) => code === 'D20-idp-quirk')?.message).toMatch(what)
  })
})
