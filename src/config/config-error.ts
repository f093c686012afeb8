/** One thing that is wrong with the configuration. */
export interface ConfigIssue {
  /** Where, as in the options: `resources.0.url`. */
  path: string
  message: string
  fix: string
}

/** The configuration is wrong; `issues` lists every problem, none of them with a secret in it. */
export class ConfigError extends Error {
  readonly issues: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[]) {
    super(issues.map(({ path, message, fix }) => `${path}: ${message}. ${fix}`).join('\n'))
    this.name = 'ConfigError'
    this.issues = issues
  }
}
