/** In what CDK and Terraform differ, and why they must. */
export const DECLARED: readonly { path: RegExp; why: string }[] = [
  {
    path: /^function\.\w+\.code$/,
    why: 'CDK names a bundle by the hash of its files, Terraform by the path of the zip',
  },
  {
    path: /^userPool\.pool\.poolName$/,
    why: 'Terraform requires a name, where CloudFormation makes one',
  },
  {
    path: /^function\.keyWatch\.environment\.POSTERN_REDEPLOY_COMMAND$/,
    why: 'each tool deploys with a command of its own',
  },
  {
    path: /^alarm\.keyWatch\.description$/,
    why: 'it ends with the command that deploys',
  },
]
