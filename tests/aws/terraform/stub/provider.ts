/**
 * A stand-in for the AWS provider, so that real `terraform` evaluates our module without a
 * registry and without an account. It knows names and types (schema.json) and nothing of AWS:
 * whatever AWS would make up becomes a mark, `«<number>:<attribute>»`.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type GrpcObject,
  type ServiceClientConstructor,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { DATA_SOURCES, REGION, RESOURCES, type Answers } from './account.ts'
import type { Block, Schema } from './schema.ts'
import {
  computedValue,
  decodeValue,
  encodeValue,
  fillComputed,
  unknownValue,
  type ObjectValue,
  type WireValue,
} from './values.ts'

const HERE = import.meta.dirname

export interface StubProvider {
  /** For the environment of `terraform`. */
  reattach: string
  /** What was asked of it so far, in order: `create aws_vpc`, `update …`, `delete …`. */
  changes: string[]
  close(): Promise<void>
}

export async function readSchema(): Promise<Schema> {
  return JSON.parse(await readFile(join(HERE, 'schema.json'), 'utf8')) as Schema
}

export async function startStubProvider(): Promise<StubProvider> {
  const schema = await readSchema()
  let made = 0
  const changes: string[] = []
  const routes = new Map<unknown, ObjectValue>()

  const blockOf = (kind: 'resources' | 'dataSources', type: string): Block => {
    const block = schema[kind][type]
    if (block === undefined) throw new Error(`the stub has no schema of ${type}`)
    return block
  }

  const complete = (
    planned: ObjectValue,
    block: Block,
    answer: Answers[string] | undefined,
  ): ObjectValue => {
    made += 1
    const number = made
    const state = fillComputed(planned, block, (name, { type }) =>
      name === 'region' ? REGION : computedValue(type, `«${number}:${name}»`),
    )
    return { ...state, ...answer?.(state) }
  }

  const handlers: Record<string, (request: Request) => unknown> = {
    GetMetadata: () => ({
      resources: Object.keys(schema.resources).map((type_name) => ({ type_name })),
      data_sources: Object.keys(schema.dataSources).map((type_name) => ({ type_name })),
    }),
    GetSchema: () => ({
      provider: toWireSchema({
        attributes: { region: { type: 'string', optional: true } },
        blocks: {},
      }),
      resource_schemas: mapValues(schema.resources, toWireSchema),
      data_source_schemas: mapValues(schema.dataSources, toWireSchema),
    }),
    PrepareProviderConfig: ({ config }) => ({ prepared_config: config }),
    ValidateResourceTypeConfig: () => ({}),
    ValidateDataSourceConfig: () => ({}),
    Configure: () => ({}),
    Stop: () => ({}),
    UpgradeResourceState: ({ raw_state }) => ({
      upgraded_state: encodeValue(JSON.parse(new TextDecoder().decode(raw_state.json))),
    }),
    ReadResource: ({ current_state }) => ({ new_state: current_state }),
    PlanResourceChange: ({ type_name, proposed_new_state, prior_state }) => {
      const proposed = decodeValue(proposed_new_state) as ObjectValue | null
      if (proposed === null || decodeValue(prior_state) !== null)
        return { planned_state: proposed_new_state }
      const planned = fillComputed(proposed, blockOf('resources', type_name), unknownValue)
      return { planned_state: encodeValue(planned) }
    },
    ApplyResourceChange: ({ type_name, planned_state, prior_state }) => {
      const planned = decodeValue(planned_state) as ObjectValue | null
      const prior = decodeValue(prior_state) as ObjectValue | null
      changes.push(
        `${planned === null ? 'delete' : prior === null ? 'create' : 'update'} ${type_name}`,
      )
      if (planned === null) {
        refuseWhileNamed(type_name, prior?.['id'], [...routes.values()])
        if (type_name === 'aws_apigatewayv2_route') routes.delete(prior?.['id'])
        return { new_state: planned_state }
      }
      const state = complete(planned, blockOf('resources', type_name), RESOURCES[type_name])
      if (type_name === 'aws_apigatewayv2_route') routes.set(state['id'], state)
      return { new_state: encodeValue(state) }
    },
    ReadDataSource: ({ type_name, config }) => {
      const asked = decodeValue(config) as ObjectValue
      const state = complete(asked, blockOf('dataSources', type_name), DATA_SOURCES[type_name])
      return { state: encodeValue(state) }
    },
  }

  const folder = await mkdtemp(join(tmpdir(), 'postern-stub-'))
  const socket = join(folder, 'provider.sock')
  const server = await serve(handlers, socket)
  return {
    reattach: JSON.stringify({
      'registry.terraform.io/hashicorp/aws': {
        Protocol: 'grpc',
        ProtocolVersion: 5,
        Pid: process.pid,
        Test: true,
        Addr: { Network: 'unix', String: socket },
      },
    }),
    changes,
    close: async () => {
      server.forceShutdown()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** API Gateway answers ConflictException to who deletes what a route names. */
function refuseWhileNamed(type: string, id: unknown, routes: readonly ObjectValue[]): void {
  const isNamed =
    (type === 'aws_apigatewayv2_integration' &&
      routes.some(({ target }) => target === `integrations/${String(id)}`)) ||
    (type === 'aws_apigatewayv2_authorizer' &&
      routes.some(({ authorizer_id }) => authorizer_id === id))
  if (isNamed) throw new Error(`ConflictException: a route names this ${type}`)
}

interface Request {
  type_name: string
  config: WireValue
  prior_state: WireValue
  proposed_new_state: WireValue
  planned_state: WireValue
  current_state: WireValue
  raw_state: { json: Uint8Array }
}

async function serve(
  handlers: Record<string, (request: Request) => unknown>,
  socket: string,
): Promise<Server> {
  const definition = loadSync(join(HERE, 'tfplugin5.proto'), { keepCase: true, defaults: true })
  const { tfplugin5 } = loadPackageDefinition(definition) as { tfplugin5: GrpcObject }
  const { service } = tfplugin5['Provider'] as ServiceClientConstructor
  const server = new Server({
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  })
  server.addService(
    service,
    mapValues(handlers, (handle) => (call: { request: Request }, reply: Reply): void => {
      try {
        reply(null, handle(call.request))
      } catch (error) {
        reply(error as Error)
      }
    }),
  )
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
  return server
}

type Reply = (error: Error | null, response?: unknown) => void

function toWireSchema(block: Block): unknown {
  return { version: 0, block: toWireBlock(block) }
}

function toWireBlock({ attributes, blocks }: Block): unknown {
  return {
    attributes: Object.entries(attributes).map(([name, { type, ...flags }]) => ({
      name,
      type: new TextEncoder().encode(JSON.stringify(type)),
      // The bindings do not tell. Terraform takes no sensitive value for a key or a count.
      sensitive: name === 'secret_string',
      ...flags,
    })),
    block_types: Object.entries(blocks).map(([type_name, { nesting, min, max, block }]) => ({
      type_name,
      nesting: nesting.toUpperCase(),
      min_items: min ?? 0,
      max_items: max ?? 0,
      block: toWireBlock(block),
    })),
  }
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
