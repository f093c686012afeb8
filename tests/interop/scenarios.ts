import { afterAll, describe, expect, test, type TestFunction } from 'vitest'
import { DemoServer } from './demo-server.ts'
import { Desk } from './desk.ts'
import { Door } from './door.ts'
import type { Scenario } from './table.ts'

/** A real, unmodified client at a person's desk. */
export interface RealClient {
  /** Whatever the person starts to sign in, until the client says that this is done. */
  signIn: () => Promise<void>
  /** What the tool `whoami` answers, without the person. */
  whoami: () => Promise<string>
  close: () => Promise<void>
}

export interface ClientKind {
  /** With its version. */
  name: string
  open: (mcpUrl: string, desk: Desk) => RealClient
  /**
   * Three at once: processes that begin with nothing and share one sign-in; processes that share
   * one that was made before, because each sign-in needs the same port; or apps that share nothing.
   */
  threeAtOnce: 'sign in together' | 'share a sign-in' | 'are apart'
  /** It fails at this before the MCP SDK's demo server as well, and is looked at there. */
  cannotSignInTogether?: true
}

const PERSON = 'ada@example.test'
const LIFETIME = 1000

/** A row of the compatibility table. Each scenario goes on where the one before has ended. */
export function describeClient(kind: ClientKind): void {
  const scenario: (name: Scenario, run: TestFunction) => void = test

  describe.each([kind.name])('%s', () => {
    const doors: Door[] = []
    const desks: Desk[] = []
    const clients: RealClient[] = []
    let door: Door
    let desk: Desk
    let client: RealClient

    const openDoor = async (): Promise<void> => {
      door = await Door.open()
      doors.push(door)
    }
    const sitDown = (): void => {
      desk = new Desk()
      desks.push(desk)
    }
    const open = (): RealClient => {
      const opened = kind.open(door.mcpUrl, desk)
      clients.push(opened)
      return opened
    }
    const reopen = async (): Promise<void> => {
      await client.close()
      client = open()
    }
    const expire = async (): Promise<void> => {
      await door.advance(LIFETIME)
      for (const each of desks) each.clockAheadSeconds += LIFETIME
    }
    const expectWhoami = async (): Promise<void> => {
      expect(await client.whoami()).toContain(PERSON)
    }

    afterAll(async () => {
      await Promise.all(clients.map((each) => each.close()))
      await Promise.all(doors.map((each) => each.close()))
      for (const each of desks) each.close()
    })

    scenario('signs in', async () => {
      await openDoor()
      sitDown()
      client = open()
      await client.signIn()
      expect(desk.opened).toBe(1)
      expect(door.count('consent.given')).toBe(1)
      expect(door.count('token.issued', { grant: 'authorization_code' })).toBe(1)
      expect(door.idp).toMatchObject({ login: 1, token: 1 })
    })

    scenario('calls a tool', async () => {
      const before = door.count('gate.admitted')
      await expectWhoami()
      expect(door.count('gate.admitted')).toBeGreaterThan(before)
      expect(desk.opened).toBe(1)
    })

    scenario('refreshes', async () => {
      await expire()
      await expectWhoami()
      expect(door.idp.refresh).toBe(1)
      expect(desk.opened).toBe(1)
    })

    scenario('Postern redeployed', async () => {
      const [registrations, refreshes] = [door.count('client.registered'), door.idp.refresh]
      await door.redeploy()
      await expectWhoami()
      await door.redeploy()
      await expire()
      await expectWhoami()
      expect(door.idp.refresh).toBe(refreshes + 1)
      expect(door.count('client.registered')).toBe(registrations)
      expect(desk.opened).toBe(1)
    })

    // The identity provider knows the browser and asks nothing; the person clicks at once.
    scenario('no pause', async () => {
      await door.signEverybodyOut()
      await reopen()
      await client.signIn()
      await expectWhoami()
      expect(door.count('consent.given')).toBe(2)
      expect(door.idp.login).toBe(1)
    })

    scenario('registration lost', async () => {
      const registrations = door.count('client.registered')
      await door.forgetEverything()
      await reopen()
      await client.signIn()
      await expectWhoami()
      // A client that is known by its metadata document has no registration to lose.
      if (registrations > 0) expect(door.count('client.registered')).toBeGreaterThan(registrations)
      expect(door.count('consent.given')).toBe(3)
    })

    if (kind.cannotSignInTogether) {
      scenario('three at once', async ({ task }) => {
        task.meta.failsAnywhere = await failTogetherBeforeDemoServer(kind)
      })
      return
    }

    // From nothing each time: clients that share files have races of their own over them (OpenCode's
    // database is locked, FastMCP reads its tokens while another writes them).
    test('three at once', { retry: 2 }, async () => {
      await openDoor()
      sitDown()
      if (kind.threeAtOnce === 'share a sign-in') await open().signIn()
      const three = [1, 2, 3].map(() => {
        if (kind.threeAtOnce === 'are apart') sitDown()
        return open()
      })
      if (kind.threeAtOnce !== 'share a sign-in')
        await Promise.all(three.map((each) => each.signIn()))
      const signIns = kind.threeAtOnce === 'are apart' ? 3 : 1
      const callAll = async (): Promise<void> => {
        const said = await Promise.all(three.map((each) => each.whoami()))
        for (const each of said) expect(each).toContain(PERSON)
        expect(door.count('consent.given')).toBe(signIns)
      }
      await callAll()
      await expire()
      await callAll()
      expect(door.count('token.issued', { grant: 'refresh_token' })).toBeGreaterThan(0)
    })
  })
}

const ATTEMPTS = 5

/** What the clients said when not all of three could sign in to a server that is not Postern. */
async function failTogetherBeforeDemoServer(kind: ClientKind): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const demo = await DemoServer.start()
    const desk = new Desk()
    const three = [1, 2, 3].map(() => kind.open(demo.mcpUrl, desk))
    try {
      const endings = await Promise.allSettled(three.map((each) => each.signIn()))
      const failures = endings.filter((each) => each.status === 'rejected')
      if (failures.length > 0) return failures.map(({ reason }) => String(reason)).join('\n\n')
    } finally {
      await Promise.all(three.map((each) => each.close()))
      desk.close()
      await demo.close()
    }
  }
  throw new Error(`${kind.name} signs in together before the demo server: look at it with Postern`)
}
