import { request } from 'node:http'
import axe from 'axe-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startFlowPage, type FlowPage } from '../../src/demo/flow-page/server.ts'
import { launchChromium } from '../support/chromium.ts'

const FLOW = '7k3mz9q0ab'
const client = 'c1'
const resource = 'https://mcp.example.com/mcp'
let page: FlowPage

beforeEach(async () => {
  page = await startFlowPage()
})
afterEach(() => page.close())

function shown(clientName: string, flow = FLOW): void {
  const redirectHost = 'localhost:3334'
  page.emit({ type: 'authorize.shown', flow, client, clientName, redirectHost, resource })
}

function failed(): void {
  page.emit({ type: 'callback.refused', flow: FLOW, reason: 'idp_error', error: 'access_denied' })
}

interface Answer {
  status: number | undefined
  body: string
}

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, page.url), { headers, method }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode, body }))
    })
    sent.once('error', reject).end()
  })
}

describe('the live page of postern dev', () => {
  test.each(['evil.example', `evil.example:80`, '127.0.0.1', 'localhost.evil.example'])(
    'is not served to the host name %s, which may be a rebound one',
    async (host) => {
      expect((await ask('/', { host })).status).toBe(403)
    },
  )

  test('does nothing but show: other methods and paths are refused', async () => {
    expect((await ask('/', {}, 'POST')).status).toBe(405)
    for (const path of ['/doctor/../../package.json', '/doctor/D99-nothing', '/?x', '/.env'])
      expect((await ask(path)).status).toBe(404)
  })

  test('is not listened to by pages of other sites', async () => {
    for (const site of ['cross-site', 'same-site', 'none'])
      expect((await ask('/events', { 'sec-fetch-site': site })).status).toBe(403)
  })

  test('shows names as text, whatever they are', async () => {
    shown('<script>alert(1)</script>"><img src=x>')
    const { body } = await ask('/')
    expect(body).toContain('&lt;script&gt;alert(1)')
    expect(body).not.toContain('<img')
  })

  test('explains a doctor code from the manual', async () => {
    const { status, body } = await ask('/doctor/D20-identity-provider-refuses')
    expect(status).toBe(200)
    expect(body).toContain('<h1>D20-identity-provider-refuses</h1>')
    expect(body).not.toContain('### ')
  })

  test('keeps the newest fifty sign-ins', async () => {
    for (let n = 0; n < 60; n += 1) shown('app', String(n).padStart(10, '0'))
    const { body } = await ask('/')
    expect(body.match(/<article/g)).toHaveLength(50)
    expect(body).not.toContain('0000000009')
  })
})

describe('in Chromium', () => {
  test('a sign-in is drawn while it happens, its failure with the doctor code', async () => {
    const tab = await (await launchChromium()).newPage()
    const problems: string[] = []
    tab.on('console', (message) => problems.push(message.text()))
    await tab.goto(page.url)
    await tab.getByText('Nobody has begun').waitFor()
    shown('Test app')
    await tab.getByText('shows the consent page').waitFor()
    failed()
    await tab.getByText('with the error access_denied').waitFor()
    await tab.getByRole('status').getByText('failed').waitFor()
    await tab.getByRole('link', { name: 'D20-identity-provider-refuses' }).first().click()
    await tab.getByRole('heading', { name: 'D20-identity-provider-refuses' }).waitFor()
    expect(problems).toEqual([])
    await tab.context().close()
  })

  test('without scripts it shows the same when it is loaded again', async () => {
    const context = await (await launchChromium()).newContext({ javaScriptEnabled: false })
    const tab = await context.newPage()
    await tab.goto(page.url)
    shown('Test app')
    await tab.reload()
    expect(await tab.getByText('shows the consent page').count()).toBe(1)
    await context.close()
  })

  test.each([
    ['light', 1000],
    ['dark', 1000],
    ['light', 320],
    ['dark', 320],
  ] as const)(
    'axe-core finds nothing, %s, %d pixels wide, and nothing sticks out',
    async (colorScheme, width) => {
      shown('Test app')
      failed()
      page.emit({ type: 'metadata.served', document: 'protected-resource', resource })
      shown('Other app', '0123456789')
      const context = await (
        await launchChromium()
      ).newContext({ colorScheme, viewport: { width, height: 600 } })
      const tab = await context.newPage()
      await tab.goto(page.url)
      await tab.evaluate(axe.source)
      const { violations } = await tab.evaluate<axe.AxeResults>('axe.run()')
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      await context.close()
    },
  )
})
