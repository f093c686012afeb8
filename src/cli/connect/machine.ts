import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import type { ConnectTarget, Platform } from '../../connect/target.ts'

/** The computer whose configurations are meant. */
export interface Machine {
  platform: Platform
  environment: Readonly<Record<string, string | undefined>>
  home: string
}

export function thisMachine(): Machine {
  const platforms: Partial<Record<NodeJS.Platform, Platform>> = {
    darwin: 'macos',
    win32: 'windows',
  }
  return {
    platform: platforms[process.platform] ?? 'linux',
    environment: process.env,
    home: homedir(),
  }
}

/** Files of a client that are there or could be; where it is not installed, the usual one. */
export function configFiles(target: ConnectTarget, machine: Machine): string[] {
  const all = (target.configuration?.files[machine.platform] ?? []).map((file) =>
    resolvePath(file, machine),
  )
  const installed = all.filter((file) => isInstalledAt(file, machine))
  return installed.length > 0 ? installed : all.slice(0, 1)
}

export function isInstalled(target: ConnectTarget, machine: Machine): boolean {
  return configFiles(target, machine).some((file) => isInstalledAt(file, machine))
}

/** Clients make the folder when they first run, unless it is the home folder itself. */
function isInstalledAt(file: string, { home }: Machine): boolean {
  return existsSync(file) || (dirname(file) !== home && existsSync(dirname(file)))
}

function resolvePath(template: string, machine: Machine): string {
  const { platform, environment, home } = machine
  const [root = '', ...rest] = template.split(/[\\/]/)
  const claudeFolder = environment['CLAUDE_CONFIG_DIR'] ?? ''
  if (rest.join('/') === '.claude.json' && claudeFolder !== '') return join(claudeFolder, ...rest)
  const xdg = environment['XDG_CONFIG_HOME'] ?? ''
  if (platform === 'linux' && rest[0] === '.config' && isAbsolute(xdg))
    return join(xdg, ...rest.slice(1))
  return join(root === '~' ? home : folderOfWindows(root, machine), ...rest)
}

/** `%APPDATA%` and its like; what they are unless somebody moved them, where they are not set. */
function folderOfWindows(variable: string, { environment, home }: Machine): string {
  const value = environment[variable.replaceAll('%', '')] ?? ''
  if (value !== '') return value
  if (variable === '%APPDATA%') return join(home, 'AppData', 'Roaming')
  if (variable === '%LOCALAPPDATA%') return join(home, 'AppData', 'Local')
  return home
}
