import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { LambdaFunction } from '../../src/aws/topology.ts'
import { credentialsOf } from './aws-apis/credentials.ts'
import {
  createLambda,
  type FunctionError,
  type Lambda,
  type LambdaOptions,
} from './lambda/lambda.ts'
import { openIsolatedNetwork } from './lambda/network.ts'

const FUNCTION: LambdaFunction = {
  kind: 'function',
  name: 'probe',
  code: 'asset:probe',
  handler: 'index.handler',
  runtime: 'nodejs24.x',
  architecture: 'arm64',
  memoryMb: 512,
  timeoutSeconds: 10,
  environment: { GREETING: 'hello' },
  role: 'arn:aws:iam::111122223333:role/probe',
  network: null,
  logGroup: 'probe',
}

const opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close()
})

async function start(
  source: string,
  fn: Partial<LambdaFunction> = {},
  options: Partial<LambdaOptions> = {},
  file = 'index.mjs',
): Promise<Lambda> {
  const assetPath = await mkdtemp(join(tmpdir(), 'postern-lambda-'))
  opened.push(() => rm(assetPath, { recursive: true }))
  await writeFile(join(assetPath, file), source)
  const lambda = await createLambda(
    { ...FUNCTION, ...fn },
    {
      assetPath,
      network: { proxyUrl: 'http://127.0.0.1:9', caFile: '/dev/null' },
      credentials: credentialsOf(FUNCTION.role),
      ...options,
    },
  )
  opened.push(() => lambda.close())
  return lambda
}

const COUNTER = `let calls = 0
export const handler = async () => ({ calls: ++calls, pid: process.pid })`

describe('execution environments', () => {
  it('initializes once, and again after recycling', async () => {
    const lambda = await start(COUNTER)
    const first = await lambda.invoke({})
    expect(first).toMatchObject({ calls: 1 })
    expect(await lambda.invoke({})).toMatchObject({ ...(first as object), calls: 2 })
    await lambda.recycle()
    expect(await lambda.invoke({})).toMatchObject({ calls: 1 })
    expect(lambda.counters).toMatchObject({ invocations: 3, coldStarts: 2, errors: 0 })
  })

  it('runs one event at a time in each and starts another for the second', async () => {
    const lambda = await start(`let busy = 0, most = 0
      export const handler = async () => {
        most = Math.max(most, ++busy)
        await new Promise((resolve) => setTimeout(resolve, 200))
        busy--
        return { most, pid: process.pid }
      }`)
    const results = (await Promise.all([lambda.invoke({}), lambda.invoke({})])) as {
      most: number
      pid: number
    }[]
    expect(results.map(({ most }) => most)).toEqual([1, 1])
    expect(new Set(results.map(({ pid }) => pid)).size).toBe(2)
  })

  it('lets events wait where no further environment may start', async () => {
    const lambda = await start(COUNTER, {}, { maximumInstances: 1 })
    const results = await Promise.all([1, 2, 3].map(() => lambda.invoke({})))
    expect(results.map((each) => (each as { calls: number }).calls)).toEqual([1, 2, 3])
    expect(lambda.counters.coldStarts).toBe(1)
  })

  it('ends an environment that was busy while the function was recycled', async () => {
    const lambda = await start(`let calls = 0
      export const handler = async () => {
        await new Promise((resolve) => setTimeout(resolve, 200))
        return ++calls
      }`)
    await lambda.invoke({})
    const under = lambda.invoke({})
    await lambda.recycle()
    expect(await under).toBe(2)
    expect(await lambda.invoke({})).toBe(1)
  })

  it('is frozen between events', async () => {
    const lambda = await start(`let ticks = 0
      setInterval(() => ticks++, 10)
      export const handler = async (event) => {
        if (event.wait) await new Promise((resolve) => setTimeout(resolve, event.wait))
        return ticks
      }`)
    const before = (await lambda.invoke({ wait: 300 })) as number
    expect(before).toBeGreaterThan(5)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const after = (await lambda.invoke({})) as number
    // Awake, it would have been a hundred.
    expect(after - before).toBeLessThan(50)
  })

  it('passes event, context and environment, and nothing of the host', async () => {
    process.env['POSTERN_HOST_SECRET'] = 'of the host'
    const lambda = await start(`export const handler = async (event, context) => ({
      event,
      id: context.awsRequestId,
      left: context.getRemainingTimeInMillis(),
      environment: process.env,
    })`)
    const result = (await lambda.invoke({ a: ['ü'] })) as {
      event: unknown
      id: string
      left: number
      environment: Record<string, string>
    }
    delete process.env['POSTERN_HOST_SECRET']
    expect(result.event).toEqual({ a: ['ü'] })
    expect(result.id).toMatch(/^[0-9a-f-]{36}$/)
    expect(result.left).toBeGreaterThan(5000)
    expect(result.environment).toMatchObject({
      GREETING: 'hello',
      AWS_REGION: 'eu-central-1',
      AWS_LAMBDA_FUNCTION_NAME: 'probe',
      AWS_ACCESS_KEY_ID: credentialsOf(FUNCTION.role).accessKeyId,
      HTTPS_PROXY: 'http://127.0.0.1:9',
    })
    expect(result.environment).not.toHaveProperty('POSTERN_HOST_SECRET')
    expect(result.environment).not.toHaveProperty('HOME')
  })

  it('shows the function the clock of the test, each time anew', async () => {
    const clock = { ms: Date.UTC(2030, 0, 1), now: () => clock.ms }
    const lambda = await start(
      `const loaded = Date.now()
      export const handler = async () => [loaded, Date.now(), new Date().getTime(), new Date(0).getTime(), new Date() instanceof Date]`,
      {},
      { clock },
    )
    const at = (result: unknown) =>
      (result as number[]).map((each) => (each > 1000 ? Math.round(each / 1000) : each))
    const start2030 = Date.UTC(2030, 0, 1) / 1000
    expect(at(await lambda.invoke({}))).toEqual([start2030, start2030, start2030, 0, true])
    clock.ms += 29 * 86_400_000
    const later = start2030 + 29 * 86_400
    expect(at(await lambda.invoke({}))).toEqual([start2030, later, later, 0, true])
  })

  it('keeps what the function writes, before it answers', async () => {
    const lambda = await start(`export const handler = async () => {
      console.log('to stdout')
      console.error('to stderr')
    }`)
    expect(await lambda.invoke({})).toBe(null)
    expect(lambda.logs).toEqual([
      expect.stringMatching(/^START RequestId: /),
      'to stdout',
      'to stderr',
      expect.stringMatching(/^END RequestId: /),
    ])
  })
})

describe('failures', () => {
  it.each<[string, string, Partial<LambdaFunction>, [string, RegExp]]>([
    [
      'a handler that throws',
      `export const handler = async () => { throw new RangeError('too far') }`,
      {},
      ['RangeError', /^too far$/],
    ],
    ['a result without JSON', `export const handler = async () => 1n`, {}, ['TypeError', /BigInt/]],
    [
      'a process that ends',
      `export const handler = async () => process.exit(3)`,
      {},
      ['Runtime.ExitError', /exit status 3/],
    ],
    [
      'code that fails to load',
      `throw new TypeError('at import')`,
      {},
      ['TypeError', /^at import$/],
    ],
    [
      'a missing module',
      COUNTER,
      { handler: 'other.handler' },
      ['Runtime.ImportModuleError', /'other'/],
    ],
    [
      'a missing export',
      COUNTER,
      { handler: 'index.other' },
      ['Runtime.HandlerNotFound', /index.other/],
    ],
    [
      'a function that takes too long',
      `export const handler = () => new Promise(() => setInterval(() => {}, 1000))`,
      { timeoutSeconds: 1 },
      ['Sandbox.Timedout', /Task timed out after 1.00 seconds/],
    ],
    [
      'a response over 6 MB',
      `export const handler = async () => 'x'.repeat(7e6)`,
      {},
      ['Function.ResponseSizeTooLarge', /6291556/],
    ],
  ])('reports %s', async (_, source, fn, [errorType, errorMessage]) => {
    const lambda = await start(source, fn)
    const failure: unknown = await lambda.invoke({}).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'FunctionError',
      payload: { errorType, errorMessage: expect.stringMatching(errorMessage) },
    })
    expect(lambda.counters.errors).toBe(1)
  })

  it('starts anew after a timeout and after a crash, and stays warm after an error', async () => {
    const lambda = await start(
      `let calls = 0
      export const handler = async (how) => {
        calls++
        if (how === 'hang') await new Promise(() => setInterval(() => {}, 1000))
        if (how === 'crash') process.exit(1)
        if (how === 'throw') throw new Error('no')
        return calls
      }`,
      { timeoutSeconds: 1 },
    )
    for (const how of ['hang', 'crash']) await expect(lambda.invoke(how)).rejects.toThrow()
    await expect(lambda.invoke('throw')).rejects.toThrow('Error: no')
    expect(await lambda.invoke('')).toBe(2)
    expect(lambda.counters.coldStarts).toBe(3)
  })

  it('refuses an event over 6 MB', async () => {
    const lambda = await start(COUNTER)
    await expect(lambda.invoke('x'.repeat(7e6))).rejects.toThrow('RequestEntityTooLarge')
  })
})

const CONNECT = `import { getServers } from 'node:dns'
import { connect } from 'node:net'
export const handler = async ({ host }) => {
  if (host === undefined) return 'stayed inside'
  if (host === 'name servers') return getServers()
  return new Promise((resolve) => {
    let socket
    try {
      socket = connect({ host, port: 443, timeout: 1500 })
    } catch {
      return resolve('refused')
    }
    socket.on('connect', () => resolve('connected'))
    socket.on('error', (error) => resolve(error.code))
    socket.on('timeout', () => resolve('no answer'))
  })
}`

const isolated = { network: { subnets: ['private0'], securityGroups: ['functions'] } }
const SOMEWHERE = '192.0.2.1'
const none = { network: 'none' } as const

/** What holds where this host has network namespaces, and what where it has not. */
const probe = await openIsolatedNetwork()
await probe?.close()
const where = <P, U>(proven: P, unproven: U): P | U => (probe === undefined ? unproven : proven)

describe('network', () => {
  it('proves that an isolated function sent nothing, and sees a control that connects', async () => {
    const lambda = await start(CONNECT, isolated, none)
    expect(await lambda.invoke({})).toBe('stayed inside')
    expect(lambda.counters.transmitted).toBe(where(0, 'not proven'))
    expect(await lambda.invoke({ host: SOMEWHERE })).toBe(where('no answer', 'refused'))
    const { transmitted } = lambda.counters
    expect(transmitted).toEqual(where(expect.toSatisfy(isPositive), 'not proven'))
    await lambda.close()
    expect(lambda.counters.transmitted).toEqual(transmitted)
  })

  it('counts the question for a name as well', async () => {
    const lambda = await start(CONNECT, { ...isolated, timeoutSeconds: 1 }, none)
    const answer = await lambda.invoke({ host: 'example.com' }).catch(() => 'timed out')
    expect(answer).toBe(where('timed out', 'refused'))
    const { transmitted } = lambda.counters
    expect(transmitted).toEqual(where(expect.toSatisfy(isPositive), 'not proven'))
    // A name server on loopback would be asked without being counted.
    const servers = await lambda.invoke({ host: 'name servers' })
    expect(servers).toEqual(where(['10.0.0.1'], expect.anything()))
  })

  it('leaves loopback to the function', async () => {
    const lambda = await start(CONNECT, isolated, none)
    expect(await lambda.invoke({ host: '127.0.0.1' })).toBe(where('ECONNREFUSED', 'refused'))
    expect(lambda.counters.transmitted).toBe(where(0, 'not proven'))
  })

  it('has no counter outside an isolated VPC', async () => {
    const lambda = await start(CONNECT)
    expect(lambda.counters.transmitted).toBe(null)
  })

  it('refuses every connect and proves nothing where the host has no namespaces', async () => {
    const { PATH } = process.env
    process.env['PATH'] = ''
    try {
      const lambda = await start(CONNECT, isolated, none)
      expect(await lambda.invoke({})).toBe('stayed inside')
      expect(await lambda.invoke({ host: SOMEWHERE })).toBe('refused')
      expect(lambda.counters.transmitted).toBe('not proven')
    } finally {
      process.env['PATH'] = PATH
    }
  })
})

const PYTHON = { runtime: 'python3.13', handler: 'server.handler' }
const hasPython = spawnSync('python3', ['--version']).status === 0
const nameOf = (error: unknown) => (error as FunctionError).payload.errorType

describe('Python', () => {
  it('runs a handler, keeps its output and reports its exceptions', async () => {
    const source = `import os
calls = 0
def handler(event, context):
    global calls
    calls += 1
    print("seen", event["a"])
    if event["a"] == "fail":
        raise ValueError("no")
    return [calls, os.environ["GREETING"], len(context.aws_request_id)]
`
    const lambda = await start(source, PYTHON, {}, 'server.py')
    const results = []
    for (const a of [1, 'fail', 2]) results.push(await lambda.invoke({ a }).catch(nameOf))
    const missing = 'Runtime.ExitError'
    expect(results).toEqual(
      hasPython ? [[1, 'hello', 36], 'ValueError', [3, 'hello', 36]] : [missing, missing, missing],
    )
    expect(lambda.logs.filter((line) => line === 'seen fail')).toHaveLength(hasPython ? 1 : 0)
  })

  it('has no way out of an isolated VPC either', async () => {
    const source = `import socket
def handler(event, context):
    try:
        socket.create_connection(("${SOMEWHERE}", 443), timeout=1)
    except OSError as error:
        return type(error).__name__
`
    const lambda = await start(source, PYTHON, none, 'server.py')
    const result = await lambda.invoke({}).catch(nameOf)
    expect(result).toBe(hasPython ? where('TimeoutError', 'OSError') : 'Runtime.ExitError')
  })
})

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value > 0
}
