import { ConfigError, type ConfigIssue } from '../../config/config-error.ts'
import type { PrivateMcpServerProps } from './props.ts'

/** Throws one ConfigError with all problems. */
export function checkProps(props: PrivateMcpServerProps): void {
  const issues: ConfigIssue[] = []
  void props
  if (issues.length > 0) throw new ConfigError(issues)
}
