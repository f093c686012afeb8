/** The MCP server as a client lists it. */
export interface McpServer {
  /** Letters, digits, hyphens and underscores: what every client takes. */
  name: string
  /** Exactly as a person would type it. */
  url: string
}

export const PLATFORMS = ['macos', 'windows', 'linux'] as const
export type Platform = (typeof PLATFORMS)[number]

/** Where a client keeps its MCP servers, and what stands there for one of them. */
export interface Configuration {
  format: 'json' | 'toml' | 'yaml'
  /** Key of the object that holds the servers, by name. */
  section: string
  entry: (server: McpServer) => Readonly<Record<string, string | boolean | readonly string[]>>
  /** As people write paths: `~` is the home folder, `%APPDATA%` what Windows calls so. */
  files: Readonly<Record<Platform, readonly string[]>>
}

/** A client, and every way to tell it about an MCP server. */
export interface ConnectTarget {
  /** What command lines and links call it; the table of known clients calls it so too. */
  id: string
  name: string
  /** Opens the client, which asks the person. */
  installLink?: (server: McpServer) => string
  /** Words of a command line, without quotes. */
  command?: (server: McpServer) => readonly string[]
  configuration?: Configuration
  /** Where in its settings the URL goes, for clients that know no other way. */
  inSettings?: readonly string[]
  /** What is left to do afterwards. */
  afterwards?: (server: McpServer) => string
  /** It calls from its maker's computers, so a server inside a network is out of its reach. */
  callsFromCloud?: true
}
