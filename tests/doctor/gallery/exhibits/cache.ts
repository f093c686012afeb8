import { startServer } from '../server.ts'
import { ABSENT, type Fault } from '../fault.ts'
import type { Scene, SceneExhibit } from './exhibit.ts'

/** Caches in front of a healthy server. Doctor is the first to come, and mcp-remote the second. */
const CACHES: readonly (Omit<SceneExhibit, 'open'> & { fault: Fault })[] = [
  {
    name: 'a cache of everything, by path',
    code: 'D19-replayed',
    keepsOut: 'both',
    fault: {
      keepsAnswers: {
        at: ['/mcp', '/register', '/authorize', '/token'],
        methods: ['GET', 'POST'],
        by: 'path',
      },
    },
  },
  {
    name: 'a cache of authorization requests that does not look at their query',
    code: 'D19-replayed',
    keepsOut: 'both',
    fault: { keepsAnswers: { at: ['/authorize'], methods: ['GET'], by: 'path' } },
  },
  {
    // The first one came from localhost as mcp-remote does: others are kept out.
    name: 'a cache of registrations',
    code: 'D19-replayed',
    fault: { keepsAnswers: { at: ['/register'], methods: ['POST'], by: 'address' } },
  },
  {
    name: 'a cache of token responses',
    code: 'D19-replayed',
    keepsOut: 'both',
    fault: { keepsAnswers: { at: ['/token'], methods: ['POST'], by: 'address' } },
  },
  ...[{ age: '7' }, { 'x-cache': 'Hit from cloudfront' }, { 'cache-status': 'edge; hit' }].map(
    (tells) => ({
      name: `a cache of token responses by path, with ${Object.keys(tells).join()}`,
      code: 'D19-replayed',
      keepsOut: 'both' as const,
      fault: {
        keepsAnswers: { at: ['/token'], methods: ['POST'], by: 'path' as const, tells },
      },
    }),
  ),
  {
    name: 'a cache that has somebody’s tokens already',
    code: 'D19-replayed',
    keepsOut: 'both',
    fault: {
      answers: {
        token: {
          status: 200,
          json: { error: ABSENT, access_token: 'expired', token_type: 'Bearer', expires_in: 3600 },
        },
      },
    },
  },
  {
    name: 'a cache of refusals at the MCP URL',
    code: 'D19-replayed',
    keepsOut: 'both',
    fault: { keepsAnswers: { at: ['/mcp'], methods: ['POST'], by: 'address' } },
  },
  {
    name: 'a cache of the refusal of GET alone',
    code: 'D19-challenge-replayed',
    fault: { keepsAnswers: { at: ['/mcp'], methods: ['GET'], by: 'address' } },
  },
]

export const CACHE: readonly SceneExhibit[] = CACHES.map(({ fault, ...expectation }) => ({
  ...expectation,
  open: async (): Promise<Scene> => {
    const { mcpUrl, close } = await startServer(fault)
    return { mcpUrl, close }
  },
}))
