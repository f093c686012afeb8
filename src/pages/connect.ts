import { html } from 'hono/html'
import { toCommandLine } from '../connect/command-line.ts'
import { deriveServerName } from '../connect/server-name.ts'
import { buildSnippet } from '../connect/snippet.ts'
import {
  PLATFORMS,
  type Configuration,
  type ConnectTarget,
  type McpServer,
  type Platform,
} from '../connect/target.ts'
import { CONNECT_TARGETS } from '../connect/targets.ts'
import { COPY_SCRIPT, copyable } from './copyable.ts'
import type { Markup, Page } from './layout.ts'
import { scopeList } from './parts.ts'

/** What most people use; the others follow, those that call from a cloud last. */
const FIRST = ['claude-desktop', 'claude-code', 'cursor', 'vscode']

const PLATFORM_NAMES: Readonly<Record<Platform, string>> = {
  macos: 'macOS',
  windows: 'Windows',
  linux: 'Linux',
}

/** For a person who opened the MCP URL in a browser: how to give it to their app. */
export function connectPage(
  resource: { url: string; name: string; scopes: readonly string[] },
  platform: Platform = 'macos',
): Page {
  const server = { name: deriveServerName(resource.url), url: resource.url }
  const isFirst = ({ id }: ConnectTarget): boolean => FIRST.includes(id)
  const others = CONNECT_TARGETS.filter((target) => !isFirst(target))
  const part = (target: ConnectTarget): Markup => client(target, server, platform)
  return {
    title: `Connect to ${resource.name}`,
    script: COPY_SCRIPT,
    body: html`<p class="eyebrow">MCP server</p>
      <h1>Connect your app to ${resource.name}</h1>
      <p>This address is for apps such as Claude, Cursor or VS Code. Give it to yours:</p>
      ${copyable('MCP server URL', resource.url)}
      ${resource.scopes.length === 0 ? '' : html`<p class="quiet">Apps may ask for:</p>`}
      ${resource.scopes.length === 0 ? '' : scopeList(resource.scopes)}
      <h2>How to add it</h2>
      ${FIRST.flatMap((id) => CONNECT_TARGETS.filter((target) => target.id === id)).map(part)}
      <h2>Other apps</h2>
      ${others.filter(({ callsFromCloud }) => callsFromCloud !== true).map(part)}
      ${others.filter(({ callsFromCloud }) => callsFromCloud === true).map(part)}
      <p class="quiet">
        Your app then opens this site in the browser, where you sign in. Nothing else is needed.
      </p>
      <p class="status" role="status"></p>`,
  }
}

/** Where there are several servers, each has a page of its own. */
export function serversPage(resources: readonly { url: string; name: string }[]): Page {
  return {
    title: 'MCP servers',
    body: html`<h1>MCP servers</h1>
      <p>Choose one to see how to connect your app to it.</p>
      <ul>
        ${resources.map(
          ({ url, name }) => html`<li><a href="${url}">${name}</a><br /><code>${url}</code></li>`,
        )}
      </ul>`,
  }
}

/** Which of the ways to write paths and commands to show first. */
export function guessPlatform(userAgent: string): Platform | undefined {
  if (/windows/i.test(userAgent)) return 'windows'
  if (/mac ?os|macintosh/i.test(userAgent)) return 'macos'
  return /linux|x11/i.test(userAgent) ? 'linux' : undefined
}

function client(target: ConnectTarget, server: McpServer, platform: Platform): Markup {
  const { id, name, installLink, command, configuration, inSettings, afterwards } = target
  const byHand = configuration === undefined ? '' : file(configuration, name, server, platform)
  const hasEasierWay = installLink !== undefined || command !== undefined
  return html`<details name="client" ${id === FIRST[0] ? 'open' : ''}>
    <summary><h3>${name}</h3></summary>
    ${
      installLink === undefined
        ? ''
        : html`<p class="actions">
            <a class="button primary" href="${installLink(server)}">Add to ${name}</a>
          </p>`
    }
    ${
      command === undefined
        ? ''
        : copyable(
            `Command for ${name}`,
            toCommandLine(command(server), platform === 'windows' ? 'windows' : 'posix'),
          )
    }
    ${inSettings === undefined ? '' : html`<p>In ${name}: ${inSettings.join(' › ')}, with the URL above.</p>`}
    ${
      hasEasierWay && configuration !== undefined
        ? html`<details>
            <summary>Or edit its file</summary>
            ${byHand}
          </details>`
        : byHand
    }
    ${target.callsFromCloud === true ? html`<p class="note">${name} calls from its maker’s computers: it reaches this server only where the internet does.</p>` : ''}
    ${afterwards === undefined ? '' : html`<p>${afterwards(server)}</p>`}
  </details>`
}

function file(
  configuration: Configuration,
  name: string,
  server: McpServer,
  platform: Platform,
): Markup {
  const platforms = [platform, ...PLATFORMS.filter((each) => each !== platform)]
  return html`<p>Add this to its file:</p>
    ${copyable(`Configuration for ${name}`, buildSnippet(configuration, server).trimEnd())}
    <dl>
      ${platforms.map(
        (each) =>
          html`<dt>${PLATFORM_NAMES[each]}</dt>
            <dd>${configuration.files[each].map((path) => html`<code>${path}</code>`)}</dd>`,
      )}
    </dl>`
}
