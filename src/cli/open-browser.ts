import { spawn } from 'node:child_process'

/**
 * Opens an http(s) address in the browser of `BROWSER`, or else of the system. Whether that worked
 * nobody knows, so the address is printed as well. No shell reads it.
 */
export function openBrowser(
  url: string,
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): void {
  const [command, ...args] = browserCommand(environment, platform)
  const browser = spawn(command, [...args, url], { detached: true, stdio: 'ignore' })
  browser.on('error', () => {})
  browser.unref()
}

function browserCommand(
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): [command: string, ...args: string[]] {
  const chosen = environment['BROWSER']
  if (chosen !== undefined && chosen !== '') return [chosen]
  if (platform === 'darwin') return ['open']
  // `start` would be the shell's, which takes the address apart at every &.
  return platform === 'win32' ? ['rundll32', 'url.dll,FileProtocolHandler'] : ['xdg-open']
}
