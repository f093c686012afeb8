import { ABSENT } from '../fault.ts'
import { type Exhibit } from './exhibit.ts'

/** Dynamic client registration. */
export const REGISTRATION: readonly Exhibit[] = [
  {
    name: 'no registration at all',
    code: 'D01-no-registration',
    stage: 4,
    keepsOut: 'both',
    fault: {
      answers: {
        'server metadata': {
          json: { registration_endpoint: ABSENT, client_id_metadata_document_supported: ABSENT },
        },
      },
    },
  },
  {
    name: 'metadata documents only',
    code: 'D01-only-metadata-documents',
    stage: 4,
    keepsOut: 'both',
    fault: { answers: { 'server metadata': { json: { registration_endpoint: ABSENT } } } },
  },
  {
    name: 'registration for those who have a token',
    code: 'D01-registration-closed',
    stage: 4,
    keepsOut: 'both',
    fault: { answers: { register: { status: 401, json: { error: 'invalid_token' } } } },
  },
  {
    name: 'registration that is not there',
    code: 'D01-registration-broken',
    stage: 4,
    keepsOut: 'both',
    fault: { answers: { register: { status: 404, text: 'Not Found' } } },
  },
  {
    name: 'registration that refuses whatever comes',
    code: 'D01-registration-refused',
    stage: 4,
    keepsOut: 'both',
    fault: { answers: { register: { status: 400, json: { error: 'invalid_client_metadata' } } } },
  },
  {
    name: 'registration for a few only',
    code: 'D01-registration-limited',
    stage: 4,
    keepsOut: 'both',
    fault: { answers: { register: { status: 429, json: { error: 'slow_down' } } } },
  },
  {
    name: 'a page for a registration reply',
    code: 'D01-reply-unreadable',
    stage: 4,
    keepsOut: 'both',
    fault: { answers: { register: { status: 201, text: 'Registered' } } },
  },
  {
    name: 'a registration reply without redirect_uris',
    code: 'D01-reply-incomplete',
    stage: 4,
    keepsOut: 'both',
    fault: { answers: { register: { json: { redirect_uris: ABSENT } } } },
  },
  {
    name: 'nulls in the registration reply',
    code: 'D01-reply-null',
    stage: 4,
    keepsOut: 'both',
    fault: { answers: { register: { json: { client_uri: null } } } },
  },
  {
    name: 'a time that is no number in the registration reply',
    code: 'D01-reply-time',
    stage: 4,
    keepsOut: 'both',
    fault: { answers: { register: { json: { client_secret_expires_at: '2027-01-01' } } } },
  },
  {
    name: 'no redirect URIs on loopback',
    code: 'D06-loopback-refused',
    stage: 4,
    keepsOut: 'both',
    fault: { refusesRedirectUris: /^http:\/\/(?:localhost(?!:8787)|127\.0\.0\.1:4)/ },
  },
  {
    name: 'only ports that are known',
    code: 'D06-loopback-port-refused',
    stage: 4,
    fault: { refusesRedirectUris: /^http:\/\/localhost:49300/ },
  },
  {
    name: 'only redirect URIs that are on a list',
    code: 'D06-closed-list',
    stage: 4,
    fault: { refusesRedirectUris: /^http:\/\/(?:localhost:49300|127\.0\.0\.1:4)/ },
  },
  {
    name: 'localhost, but not 127.0.0.1',
    code: 'D06-loopback-literal-refused',
    stage: 4,
    fault: { refusesRedirectUris: /^http:\/\/127\.0\.0\.1:4/ },
  },
  {
    name: 'no client for one unknown scheme',
    code: 'D06-mixed-refused',
    stage: 4,
    fault: { refusesRedirectUris: /^cursor:/ },
  },
  {
    name: 'a hosted redirect URI refused',
    code: 'D06-hosted-refused',
    stage: 4,
    fault: { refusesRedirectUris: /^https:\/\/claude\.ai/ },
  },
  {
    name: 'redirect URIs left out',
    code: 'D06-redirect-uris-dropped',
    stage: 4,
    fault: { dropsRedirectUris: /^http:\/\/127\.0\.0\.1\/|vscode\.dev/ },
  },
  {
    name: 'an authentication method refused',
    code: 'D13-method-refused',
    stage: 4,
    fault: { refusesAuthMethod: 'client_secret_post' },
  },
  {
    name: 'a secret that is never given',
    code: 'D13-secret-missing',
    stage: 4,
    fault: {
      answers: { register: { json: { token_endpoint_auth_method: 'client_secret_basic' } } },
    },
  },
  {
    name: 'metadata documents without public clients',
    code: 'D16-without-none',
    stage: 4,
    fault: {
      answers: {
        'server metadata': {
          json: { token_endpoint_auth_methods_supported: ['client_secret_post'] },
        },
      },
    },
  },
]
