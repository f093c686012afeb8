/** What should be loaded is malformed; the message is one line that starts with the place. */
export class LoadError extends Error {
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`)
    this.name = 'LoadError'
  }
}
