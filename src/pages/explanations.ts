import type { Failure } from '../protocol/failure.ts'
import type { OAuthErrorCode } from '../protocol/oauth-error.ts'

/** Who has to change something before it works. */
export type Fault = 'nobody' | 'browser' | 'app' | 'operator' | 'identity-provider'

/** A failure in the words of the person who sees it. */
export interface Explanation {
  title: string
  /** Before the error's own description. */
  text: string
  fault: Fault
  /** What the person can do, in order. */
  steps: readonly string[]
  /** The app holds on to a registration: how to make it forget is told as well. */
  staleClient?: true
}

const START_AGAIN = 'Close this page and start signing in again from your app.'
const TELL_OPERATOR =
  'If it happens again, send the text of this page to the operator of this server.'

const APP_FAULT: Explanation = {
  title: 'Your app sent a request that cannot be accepted',
  text: 'Nothing that you entered is at fault, and nothing was shared.',
  fault: 'app',
  steps: [
    'Update the app, and try again.',
    'If it happens again, send the text of this page to whoever makes the app.',
  ],
}

const OUTAGE: Explanation = {
  title: 'The sign-in service does not answer',
  text: 'The identity provider, where you would sign in, cannot be reached from here.',
  fault: 'identity-provider',
  steps: ['Wait a moment, then reload this page.', TELL_OPERATOR],
}

const OTHER_BROWSER: Explanation = {
  title: 'This form does not belong to this browser',
  text: 'It was made for another browser or window, or sent from another site. Nothing was shared.',
  fault: 'nobody',
  steps: [
    'If you did not start a sign-in yourself, close this page: somebody may have tried to use yours.',
    'Otherwise start again from your app, and stay in one browser.',
  ],
}

const STALE_CLIENT: Explanation = {
  title: 'Your app remembers a registration that is not known here',
  text: 'It was made for another server, or before this one was set up anew. The app has to register again.',
  fault: 'app',
  steps: [],
  staleClient: true,
}

/** Clients that publish a document about themselves have no registration to forget. */
const BAD_DOCUMENT: Explanation = {
  ...APP_FAULT,
  title: 'What your app publishes about itself cannot be accepted',
}

const CLIENT_OUTAGE: Explanation = {
  title: 'The maker of your app does not answer',
  text: 'The app describes itself by a document on its maker’s server, which cannot be reached from here.',
  fault: 'app',
  steps: ['Wait a moment, then reload this page.', TELL_OPERATOR],
}

const MAY_NOT_CONNECT: Explanation = {
  title: 'This app may not connect here',
  text: 'The operator of this server does not allow the address to which the app would be answered.',
  fault: 'operator',
  steps: [
    'Ask the operator of this server to allow the app, and send the text of this page along.',
  ],
}

const LOST_SIGN_IN: Explanation = {
  title: 'This sign-in has expired, or began in another browser',
  text: 'It must begin and end in the same browser, within 15 minutes.',
  fault: 'nobody',
  steps: [START_AGAIN, 'Let this site set cookies; a private window may lose them.', TELL_OPERATOR],
}

const BY_REASON: Partial<Record<Failure['reason'], Explanation>> = {
  client_unknown: STALE_CLIENT,
  client_revoked: {
    ...STALE_CLIENT,
    title: 'The operator has cut off this registration of your app',
    text: 'The app may connect again once it has registered anew.',
    fault: 'operator',
  },
  client_no_longer_allowed: MAY_NOT_CONNECT,
  client_domain_not_allowed: {
    ...MAY_NOT_CONNECT,
    text: 'The operator of this server does not allow apps of this maker.',
  },
  client_id_url_malformed: BAD_DOCUMENT,
  client_metadata_document_invalid: BAD_DOCUMENT,
  client_metadata_document_unavailable: CLIENT_OUTAGE,
  client_keys_unavailable: CLIENT_OUTAGE,
  redirect_uri_mismatch: {
    title: 'Your app asks to be answered at an address that is not registered',
    text: 'Sign-ins only ever go to addresses that were registered beforehand. Nothing was shared.',
    fault: 'app',
    steps: [
      'Remove this server from the app and add it again, so that it registers anew.',
      'If it happens again, ask the operator of this server to allow the address.',
    ],
  },
  cookie_duplicated: {
    title: 'Your browser sent two cookies of the same name',
    text: 'One of them may have been planted by another site, so neither is believed.',
    fault: 'browser',
    steps: ['Delete the cookies of this site in your browser.', START_AGAIN],
  },
  consent_cross_site: OTHER_BROWSER,
  consent_other_browser: OTHER_BROWSER,
  consent_unproven: OTHER_BROWSER,
  consent_expired: {
    title: 'The page waited too long',
    text: 'You have 15 minutes to decide. Nothing was shared.',
    fault: 'nobody',
    steps: [START_AGAIN],
  },
  transaction_missing: LOST_SIGN_IN,
  transaction_invalid: LOST_SIGN_IN,
  idp_unavailable: OUTAGE,
}

export const FAULT: Explanation = {
  title: 'Something broke on this server',
  text: 'Neither you nor your app is at fault.',
  fault: 'operator',
  steps: [
    'Try again in a moment.',
    'If it happens again, send the text of this page to the operator of this server.',
  ],
}

export function explain(reason: Failure['reason'], error: OAuthErrorCode): Explanation {
  return BY_REASON[reason] ?? (error === 'temporarily_unavailable' ? OUTAGE : APP_FAULT)
}
