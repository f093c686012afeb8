import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { closeChromium, launchChromium, newPerson } from '../support/chromium.ts'
import { authorizeUrl, pkce } from '../support/dance.ts'
import { type Deployment, PERSON, startDeployment } from '../support/deployment.ts'
import { consent, logIn, signIn } from '../support/person.ts'
import { ISSUER } from '../support/world.ts'

let deployment: Deployment
let client: { server: Server; redirectUri: string; received: URL[] }
let url: string

beforeEach(async () => {
  deployment = await startDeployment()
  client = await startClient()
  url = await newAuthorizationUrl('state-1')
})

afterEach(async () => {
  client.server.close()
  client.server.closeAllConnections()
  await deployment.close()
})

afterAll(closeChromium)

/** The listener of a native app: it only notes what the browser brings. */
async function startClient(): Promise<typeof client> {
  const received: URL[] = []
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/callback') === true)
      received.push(new URL(request.url, 'http://localhost'))
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>App</title><p>You can close this window.')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { server, redirectUri: `http://127.0.0.1:${port}/callback`, received }
}

async function newAuthorizationUrl(state: string): Promise<string> {
  const response = await fetch(`${deployment.issuer}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [client.redirectUri], client_name: 'Test app' }),
  })
  const { client_id: clientId } = (await response.json()) as { client_id: string }
  const changes = { redirect_uri: client.redirectUri, resource: deployment.mcpUrl, state }
  return authorizeUrl(clientId, pkce().challenge, changes).replace(ISSUER, deployment.issuer)
}

function answers(): (string | null)[] {
  return client.received.map(({ searchParams }) => searchParams.get('state'))
}

describe('a person in Chromium', () => {
  test('is told about a wrong password and gets in with the right one', async () => {
    const page = await consent(await newPerson(), url)
    await logIn(page, { ...PERSON, password: 'wrong' })
    await page.getByText('Incorrect username or password').waitFor()
    await logIn(page, PERSON)
    await expect.poll(answers).toEqual(['state-1'])
  })

  test('may reload the consent page and go back to it', async () => {
    const person = await newPerson()
    const page = await person.newPage()
    await page.goto(url)
    await page.reload()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.locator('input[type=password]').waitFor()
    await page.goBack()
    await page.getByRole('button', { name: 'Continue' }).click()
    await logIn(page, PERSON)
    await expect.poll(answers).toEqual(['state-1'])
  })

  test('may finish two tabs in reverse order', async () => {
    const person = await newPerson()
    const first = await consent(person, url)
    const second = await consent(person, await newAuthorizationUrl('state-2'))
    await first.locator('input[type=password]').waitFor()
    await logIn(second, PERSON)
    await expect.poll(answers).toEqual(['state-2'])
    await logIn(first, PERSON)
    await expect.poll(answers).toEqual(['state-2', 'state-1'])
  })

  test('needs no script: the pages work with scripts switched off', async () => {
    const context = await (await launchChromium()).newContext({ javaScriptEnabled: false })
    await signIn(context, url, PERSON)
    await expect.poll(answers).toEqual(['state-1'])
  })

  test('is asked again every time, also when the identity provider remembers them', async () => {
    const person = await newPerson()
    await signIn(person, url, PERSON)
    const page = await person.newPage()
    await page.goto(await newAuthorizationUrl('state-2'))
    expect(client.received).toHaveLength(1)
    await page.getByRole('button', { name: 'Continue' }).click()
    await expect.poll(answers).toEqual(['state-1', 'state-2'])
  })

  test('sees no violation of the content security policy on the way', async () => {
    const person = await newPerson()
    const messages: string[] = []
    person.on('console', (message) => messages.push(message.text()))
    await signIn(person, url, PERSON)
    expect(messages.filter((text) => /content security policy/i.test(text))).toEqual([])
  })
})

describe('attacks in Chromium', () => {
  test('a consent form made for the attacker does not work in the browser of a victim', async () => {
    const attacker = await (await newPerson()).newPage()
    await attacker.goto(url)
    const form = await attacker.locator('input[name=request]').inputValue()

    const victim = await (await newPerson()).newPage()
    await victim.goto(await newAuthorizationUrl('state-victim'))
    await victim
      .locator('input[name=request]')
      .evaluate((input, value) => input.setAttribute('value', value), form)
    const [answer] = await Promise.all([
      victim.waitForResponse((response) => response.url().endsWith('/consent')),
      victim.getByRole('button', { name: 'Continue' }).click(),
    ])
    expect(answer.status()).toBe(403)
    expect(deployment.twin.counters.authorize).toBe(0)
  })

  test('a sign-in that the attacker consented to cannot be finished by a victim', async () => {
    const attacker = await consent(await newPerson(), url)
    await attacker.locator('input[type=password]').waitFor()
    const victim = await (await newPerson()).newPage()
    await victim.goto(attacker.url())
    await logIn(victim, PERSON)
    await victim.getByText('Sign-in stopped').waitFor()
    expect(client.received).toEqual([])
    expect(deployment.events).toContainEqual({
      type: 'callback.refused',
      reason: 'transaction_missing',
      flow: expect.any(String),
    })
  })

  test('a consent form posted by another site is refused', async () => {
    const person = await newPerson()
    const page = await person.newPage()
    await page.goto(url)
    const form = await page.locator('input[name=request]').inputValue()

    const evil = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<!doctype html><form method="post" action="${deployment.issuer}/consent">
        <input type="hidden" name="request" value="${form}">
        <input type="hidden" name="action" value="approve">
        <button>Win a prize</button></form>`)
    })
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
    const { port } = evil.address() as AddressInfo
    // Another site to the browser: 127.0.0.1 is not localhost.
    await page.goto(`http://127.0.0.1:${port}/`)
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url().endsWith('/consent')),
      page.getByRole('button', { name: 'Win a prize' }).click(),
    ])
    evil.close()
    evil.closeAllConnections()
    expect(answer.status()).toBe(403)
    expect(deployment.twin.counters.authorize).toBe(0)
    expect(deployment.events).toContainEqual({
      type: 'consent.refused',
      reason: 'consent_cross_site',
    })
  })

  test('the consent page cannot be framed', async () => {
    const person = await newPerson()
    const page = await person.newPage()
    const host = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<!doctype html><iframe src="${url.replaceAll('&', '&amp;')}"></iframe>`)
    })
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
    await page.goto(`http://127.0.0.1:${(host.address() as AddressInfo).port}/`)
    await page.waitForLoadState('networkidle')
    const buttons = await Promise.all(
      page.frames().map((frame) => frame.getByRole('button', { name: 'Continue' }).count()),
    )
    host.close()
    host.closeAllConnections()
    expect(buttons.every((found) => found === 0)).toBe(true)
  })
})
