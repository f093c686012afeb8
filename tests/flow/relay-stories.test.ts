import { describe, expect, test } from 'vitest'
import {
  approveRelay,
  createRelayWorld,
  hiddenFields,
  obtainRelayTokens,
  relayAuthorizeUrl,
} from '../relay/relay-world.ts'
import { callMcp, FetchBrowser, type Tokens } from '../support/dance.ts'
import { ISSUER } from '../support/world.ts'
import { arrows, onlyStory, readStories, recordLog } from './log.ts'

describe('the story of a sign-in in relay mode', () => {
  test('is whole where a function passes the tokens on', async () => {
    const world = await createRelayWorld({ relay: { tokenPath: 'function' } })
    const log = recordLog(world)
    // A second one that is under way leaves no doubt.
    await approveRelay(new FetchBrowser(world), relayAuthorizeUrl())
    const tokens = await obtainRelayTokens(world)
    await callMcp(world.relay, tokens.access_token)
    const told = readStories(log, world.clock.now()).find(({ calls }) => calls > 0)
    expect(told).toMatchObject({ outcome: 'signed-in' })
    expect(arrows(told!)).toEqual([
      'postern → person: shows the consent page',
      'person → identity-provider: continues, and signs in',
      'client → identity-provider: asks for tokens, by way of Postern',
      'client → mcp-server: first call',
    ])
    expect(told!.steps.some(({ guessed }) => guessed === true)).toBe(false)
  })

  test('guesses the first call where the edge passes them on, and says so', async () => {
    const world = await createRelayWorld()
    const log = recordLog(world)
    const tokens = await obtainRelayTokens(world)
    await callMcp(world.relay, tokens.access_token)
    const told = onlyStory(log, world.clock.now())
    expect(told).toMatchObject({ outcome: 'signed-in', calls: 1 })
    expect(told.steps.at(-1)).toMatchObject({ text: 'first call', guessed: true })
  })

  test('guesses nothing where two could have been meant', async () => {
    const world = await createRelayWorld()
    const log = recordLog(world)
    await approveRelay(new FetchBrowser(world), relayAuthorizeUrl())
    const tokens: Tokens = await obtainRelayTokens(world)
    await callMcp(world.relay, tokens.access_token)
    const outcomes = readStories(log, world.clock.now() + 901_000).map(({ outcome }) => outcome)
    expect(outcomes).toEqual(['abandoned', 'abandoned'])
  })

  test('says which form expired', async () => {
    const world = await createRelayWorld()
    const log = recordLog(world)
    const browser = new FetchBrowser(world)
    const page = await (await browser.get(relayAuthorizeUrl())).text()
    world.clock.advance(15 * 60)
    await browser.post(`${ISSUER}/consent`, { ...hiddenFields(page), action: 'approve' })
    expect(onlyStory(log, world.clock.now())).toMatchObject({
      outcome: 'failed',
      reason: 'consent_expired',
    })
  })
})
