import type { BrowserContext, Page } from 'playwright-core'

export interface Credentials {
  username: string
  password: string
}

/** Opens the URL that a client opened, and agrees on the consent page. */
export async function consent(
  context: BrowserContext,
  url: string,
  button: 'Continue' | 'Cancel' = 'Continue',
): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  await page.getByRole('button', { name: button }).click()
  return page
}

/** Fills in the identity provider's login form. */
export async function logIn(page: Page, { username, password }: Credentials): Promise<void> {
  const passwordField = page.locator('input[type=password]')
  await passwordField.waitFor()
  await page.locator('input[name=username], input[name=login]').fill(username)
  await passwordField.fill(password)
  await passwordField.press('Enter')
}

/** Everything a person does, until the browser is back at the client. */
export async function signIn(
  context: BrowserContext,
  url: string,
  credentials: Credentials,
): Promise<Page> {
  const page = await consent(context, url)
  await logIn(page, credentials)
  await page.waitForURL(/^http:\/\/(?:localhost|127\.0\.0\.1):\d+\/.*[?&](?:code|error)=/)
  return page
}
