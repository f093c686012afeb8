/** A one-line break of the code, and the test files that must notice it. */
export interface Mutant {
  id: string
  /** The rule or scenario that the break violates, as it would be told to a person. */
  rule: string
  file: string
  /** Part of one line; must occur exactly once in `file`. */
  find: string
  replace: string
  /** Test files of which at least one must fail; the fastest that can tell comes first. */
  tests: string[]
}
