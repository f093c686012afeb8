import { shown } from '../../doctor/finding.ts'
import type { PlanFailure } from './plan.ts'

/** Why a file was left as it is, and what to do. Holds nothing of the file but names of members. */
export function explainFailure(failure: PlanFailure): string {
  switch (failure.reason) {
    case 'not_a_file':
      return 'it is no file: look what stands in its place'
    case 'too_large':
      return `it is larger than ${failure.detail}, which no such file is`
    case 'not_utf8':
      return 'it is not UTF-8 (Windows PowerShell’s > writes UTF-16): save it as UTF-8'
    case 'read_only':
      return 'it is read-only: whoever made it so meant it; lift that first, or use --print'
    case 'cannot_read':
      return `it cannot be read (${failure.detail})`
    case 'cannot_write':
      return `it cannot be written (${failure.detail}); quit the client and try again`
    case 'changed_meanwhile':
      return 'it was changed meanwhile: quit the client and try again'
    case 'unparseable':
      return `it cannot be read as what the client takes (${failure.detail}): put that right first`
    case 'wrong_shape':
      return `${failure.detail}: put that right first`
    case 'duplicate_key':
      return `${shown(JSON.stringify(failure.detail))} stands there twice, and only one of them counts: remove the other`
    case 'name_taken':
      return `another server has this name (${describeEntry(failure.entry)}): --name gives another name, --replace puts that one aside`
    case 'edited':
      return `under this name stands something else than what this URL put there (${describeEntry(failure.entry)}), so it stays: take it back with its own URL, or out by hand`
    case 'runs_in_command_prompt':
      return 'this client starts a command with the URL in it, and Windows’ Command Prompt would act on its & ( ) ! or %: use a URL without them'
  }
}

/** What an entry leads to, without what could be secret: path, query, headers, variables. */
function describeEntry(entry: unknown): string {
  if (typeof entry !== 'object' || entry === null) return 'not an object'
  const members = Object.entries(entry).filter(([, value]) => typeof value === 'string')
  const address = members.find(([key]) => /^(?:url|httpUrl|serverUrl)$/.test(key))?.[1] as unknown
  if (typeof address === 'string') {
    const url = URL.parse(address)
    return url === null ? 'a URL' : shown(url.host)
  }
  return members.some(([key]) => key === 'command') ? 'a program' : 'something else'
}
