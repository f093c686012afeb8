import { createHash } from 'node:crypto'

/** What Lambda gives a function to sign its requests with. */
export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
}

/** The same role has the same ones, another has others; the services know whose they are. */
export function credentialsOf(roleArn: string): Credentials {
  const digest = (purpose: string) =>
    createHash('sha512').update(`${purpose} of ${roleArn}`).digest()
  return {
    accessKeyId: `ASIA${digest('access key').toString('hex').slice(0, 16).toUpperCase()}`,
    secretAccessKey: digest('secret').toString('base64').slice(0, 40),
    sessionToken: digest('session').toString('base64'),
  }
}
