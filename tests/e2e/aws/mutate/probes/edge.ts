import assert from 'node:assert/strict'
import { type HttpRequest, type HttpResponse, respond } from '../../../../twins/http.ts'
import { header } from '../world.ts'
import { bearer, CALL, MCP_HEADERS, type Probe } from './probe.ts'

/** Those of errors that CloudFront keeps, and can be told not to. */
const STATUSES = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]

const TOKEN_PATHS = ['/token', '/revoke']

const MCP_PATHS = ['/mcp', '/mcp/']

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

const METADATA = '/.well-known/oauth-protected-resource/mcp'

/** What CloudFront does to requests and answers. */
export const EDGE_PROBES: readonly Probe[] = [
  {
    name: 'plain http is not answered',
    check: async (world) => {
      for (const target of ['/', METADATA, ...MCP_PATHS, ...TOKEN_PATHS])
        for (const method of ['GET', 'POST']) {
          const { status } = await world.atEdge(target, { method, protocol: 'http' })
          assert.equal(status, 403, target)
        }
    },
  },
  {
    name: 'Accept, Authorization and the MCP headers reach the server, with GET, POST and DELETE',
    check: async (world) => {
      const headers = {
        ...bearer(world.client.tokens.access_token),
        'mcp-session-id': 'session',
        'last-event-id': '7',
      }
      for (const path of MCP_PATHS)
        for (const method of ['GET', 'POST', 'DELETE']) {
          const body = method === 'POST' ? CALL : ''
          const [seen] = await world.seenAt(world.apiHost, () =>
            world.atEdge(`${path}?a=b`, { method, headers, body }),
          )
          assert(seen, `${method} ${path} does not arrive`)
          for (const [name, value] of Object.entries(headers))
            assert.equal(header(seen, name), value)
          assert(seen.target.endsWith('?a=b'))
        }
    },
  },
  {
    name: 'errors keep their status, headers and body',
    check: async (world) => {
      const headers = bearer(world.client.tokens.access_token)
      for (const status of STATUSES) {
        const error = respond(status, [['retry-after', '7']], '{"error":"x"}')
        // A page that could stand in for it is there.
        const answer = ({ target }: HttpRequest): HttpResponse =>
          target.startsWith('/mcp') ? error : respond(200, [], 'page')
        await world.askedInstead(world.apiHost, answer, async () => {
          const seen = await world.atEdge('/mcp', { headers, body: CALL })
          assert.deepEqual(
            [seen.status, header(seen, 'retry-after'), seen.body.toString()],
            [status, '7', '{"error":"x"}'],
          )
        })
      }
    },
  },
  {
    name: 'a preflight of a browser is answered',
    check: async (world) => {
      for (const path of [...MCP_PATHS, '/register', '/token']) {
        const response = await world.atEdge(path, {
          method: 'OPTIONS',
          headers: {
            origin: world.origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'authorization,content-type',
          },
        })
        assert(response.status >= 200 && response.status < 300, `${path}: ${response.status}`)
        assert.notEqual(header(response, 'access-control-allow-origin'), '')
      }
    },
  },
  {
    name: 'every spelling that CloudFront takes for the MCP path arrives as one',
    check: async (world) => {
      if (world.promises.mode === 'relay' && !world.promises.authorizer) return
      const headers = bearer(world.client.tokens.access_token)
      for (const target of [...MCP_PATHS, '//mcp', '/%6dcp', '/x/../mcp', '//mcp/']) {
        const [seen] = await world.seenAt(world.apiHost, () =>
          world.atEdge(target, { headers, body: CALL }),
        )
        assert.equal(seen?.target, '/mcp', target)
      }
    },
  },
  {
    name: '/token and /revoke take nothing but POST, and say so',
    check: async (world) => {
      for (const path of TOKEN_PATHS)
        for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
          const seen = await world.seenAt(world.cognitoHost, async () => {
            const response = await world.atEdge(path, { method })
            assert.equal(response.status, 405, `${method} ${path}`)
            assert.match(header(response, 'allow'), /\bPOST\b/)
          })
          assert.equal(seen.length, 0, `${method} ${path} reaches Cognito`)
        }
    },
  },
  {
    name: '/token and /revoke set no cookie and name no request id of Cognito',
    check: async (world) => {
      for (const path of TOKEN_PATHS) {
        const response = await world.atEdge(path, {
          headers: FORM,
          body: 'grant_type=none&token=none',
        })
        assert.equal(header(response, 'set-cookie'), '', path)
        assert.equal(header(response, 'x-amz-cognito-request-id'), '', path)
      }
    },
  },
  {
    name: 'Cognito sees neither cookies nor pages of the own domain',
    check: async (world) => {
      if (world.promises.tokenPath === 'function') return
      const headers = { ...FORM, cookie: 'a=b', referer: `${world.origin}/page` }
      for (const path of TOKEN_PATHS) {
        const [seen] = await world.seenAt(world.cognitoHost, () =>
          world.atEdge(`${path}?a=b`, { headers, body: 'token=none' }),
        )
        assert(seen, `${path} does not arrive`)
        assert.deepEqual(
          [header(seen, 'cookie'), header(seen, 'referer'), seen.target.includes('?')],
          ['', '', false],
        )
      }
    },
  },
  {
    name: 'token requests reach only the function that is for them, and none where the edge sends them on',
    check: async (world) => {
      const { mode, tokenPath } = world.promises
      const wanted = mode === 'broker' ? ['oauth'] : tokenPath === 'function' ? ['token'] : []
      for (const path of TOKEN_PATHS) {
        const invoked = await world.invokedBy(() =>
          world.atEdge(path, { headers: FORM, body: 'grant_type=none&token=none' }),
        )
        assert.deepEqual(invoked, wanted, path)
      }
    },
  },
  {
    name: 'no error is answered from a cache',
    check: async (world) => {
      const headers = bearer(world.client.tokens.access_token)
      for (const status of STATUSES) {
        const error = respond(status, [['cache-control', 'max-age=60']])
        for (const target of [METADATA, '/mcp']) {
          const asked = await world.askedInstead(
            world.apiHost,
            () => error,
            async () => {
              await world.atEdge(target, { method: 'GET', headers })
              await world.atEdge(target, { method: 'GET', headers })
            },
          )
          assert.equal(asked, 2, `${status} at ${target}`)
        }
      }
    },
  },
  {
    name: 'what one person is answered is answered to nobody else',
    check: async (world) => {
      const headers = bearer(world.client.tokens.access_token)
      const answer = respond(200, [['cache-control', 'public, max-age=60']], 'for one')
      for (const target of [METADATA, '/authorize?a=b', ...MCP_PATHS]) {
        const asked = await world.askedInstead(
          world.apiHost,
          () => answer,
          async () => {
            await world.atEdge(target, { method: 'GET', headers })
            await world.atEdge(target, { method: 'GET', headers: MCP_HEADERS })
            await world.atEdge(target, { method: 'GET', headers })
          },
        )
        // Before an authorizer the edge itself answers who has no token.
        const own = MCP_PATHS.includes(target) && world.promises.authorizer ? 2 : 3
        assert.equal(asked, own, target)
      }
    },
  },
]
