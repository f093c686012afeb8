/** The services would refuse this template: every reason that they have. */
export class DeploymentError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`not deployable: ${problems.join('; ')}`)
    this.name = 'DeploymentError'
    this.problems = problems
  }
}
