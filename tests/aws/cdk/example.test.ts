import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { CfnUserPoolResourceServer } from 'aws-cdk-lib/aws-cognito'
import { beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../../examples/aws-cdk/app.ts'
import type { PrivateMcpServer } from '../../../src/aws/cdk/index.ts'
import { loadCloudFormation } from '../../../src/aws/load-cloudformation.ts'
import { lint } from '../../../src/aws/lint/lint.ts'
import { ofKind } from '../../../src/aws/topology.ts'
import { bundleServer } from '../../../src/platform/aws-lambda/bundle.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-example-'))
const server = join(folder, 'server')

beforeAll(async () => {
  await bundleServer(resolve('examples/notes/server.ts'), server, ['notes'])
})

describe('examples/aws-cdk', () => {
  it('synthesizes in both modes, by CloudFormation’s own rules, without asking an account', () => {
    const assembly = createApp(join(folder, 'cdk.out'), server).synth()
    expect(assembly.manifest.missing).toBeUndefined()
    expect(assembly.stacks.map(({ stackName }) => stackName)).toEqual(['NotesBroker', 'NotesRelay'])
    for (const { template } of assembly.stacks) {
      const topology = loadCloudFormation(template)
      expect(topology.ignored).toEqual([])
      expect(lint(topology)).toEqual([])
      expect(ofKind(topology, 'distribution')).toHaveLength(1)
    }
  })

  it('ships the notes inside the function', () => {
    const assembly = createApp(join(folder, 'cdk.out-notes'), server).synth()
    const topology = loadCloudFormation(assembly.getStackByName('NotesBroker').template)
    const { code } = ofKind(topology, 'function').find(({ name }) => name === 'mcp')!
    const asset = join(assembly.directory, code.replace('asset:', 'asset.'))
    expect(readFileSync(join(asset, 'index.mjs'), 'utf8')).toContain('read_note')
    expect(readFileSync(join(asset, 'notes/onboarding.md'), 'utf8')).not.toBe('')
  })

  it('would not synthesize what CloudFormation refuses', () => {
    const app = createApp(join(folder, 'cdk.out-broken'), server)
    const notes = app.node.findChild('NotesRelay').node.findChild('Notes') as PrivateMcpServer
    const { defaultChild } = notes.resourceServer!.node
    ;(defaultChild as CfnUserPoolResourceServer).name = 'https://mcp.example.com/mcp'
    expect(() => app.synth()).toThrow(/does not match pattern/)
  })
})
