/** A private notes server in a Lambda function. The notes are shipped inside it, beside this file. */
import { readdir, readFile } from 'node:fs/promises'
import { fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import { mcpHandler, type HttpHandler, type McpContext } from 'postern/aws-lambda'

const FOLDER = new URL('./notes/', import.meta.url)

/** Read once a process: they are part of what was deployed. */
const notes: ReadonlyMap<string, string> = new Map(
  await Promise.all(
    (await readdir(FOLDER))
      .filter((file) => file.endsWith('.md'))
      .sort()
      .map(async (file): Promise<[string, string]> => [
        file.slice(0, -'.md'.length),
        await readFile(new URL(file, FOLDER), 'utf8'),
      ]),
  ),
)

function createServer({ authInfo }: McpContext): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })

  server.registerTool(
    'list_notes',
    { description: 'Names of all notes.', annotations: { readOnlyHint: true } },
    () => text([...notes.keys()].join('\n')),
  )

  server.registerTool(
    'read_note',
    {
      description: 'One note, by its name.',
      inputSchema: fromJsonSchema<{ name: string }>({
        type: 'object',
        properties: { name: { type: 'string' } },
        required: ['name'],
        additionalProperties: false,
      }),
      annotations: { readOnlyHint: true },
    },
    ({ name }) => {
      const note = notes.get(name)
      return note === undefined
        ? { ...text(`There is no note ${name}.`), isError: true }
        : text(note)
    },
  )

  server.registerTool(
    'search_notes',
    {
      description: 'Names of the notes that contain a text, whatever its case.',
      inputSchema: fromJsonSchema<{ query: string }>({
        type: 'object',
        properties: { query: { type: 'string', minLength: 1 } },
        required: ['query'],
        additionalProperties: false,
      }),
      annotations: { readOnlyHint: true },
    },
    ({ query }) => {
      const wanted = query.toLowerCase()
      const found = [...notes].filter(([, note]) => note.toLowerCase().includes(wanted))
      return text(found.map(([name]) => name).join('\n') || 'No note contains that.')
    },
  )

  server.registerTool(
    'whoami',
    {
      description: 'Who is calling, as the gate has proven it.',
      annotations: { readOnlyHint: true },
    },
    () => text(JSON.stringify({ ...authInfo.extra, scopes: authInfo.scopes })),
  )

  return server
}

function text(value: string): { content: [{ type: 'text'; text: string }] } {
  return { content: [{ type: 'text', text: value }] }
}

export const handler: HttpHandler = mcpHandler(createServer)
