import type { Answer } from '../../net/wire.ts';
import { type AnswerTable, answering, answerTable, jsonAnswer } from '../answers.ts';

/** Source: FCM HTTP v1 reference, "ErrorCode". The texts are those of its front end. */
const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';

export function googleError(status: number, name: string, message: string, details: readonly object[] = []): Answer {
  const error = { code: status, message, status: name, ...(details.length > 0 && { details }) };
  return jsonAnswer(status, { error }, googleHeaders);
}

export const googleHeaders: Answer['headers'] = [
  ['content-type', 'application/json; charset=UTF-8'],
  ['vary', 'X-Origin, Referer, Origin,Accept-Encoding'],
  ['server', 'scaffolding on HTTPServer2'],
];

export function fcmError(status: number, name: string, errorCode: string, message: string): Answer {
  return googleError(status, name, message, [{ '@type': FCM_ERROR, errorCode }]);
}

/** The answer to a wrong field. `field`: its path. */
export function badField(field: string, description: string): Answer {
  const violation = { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description }] };
  return googleError(400, 'INVALID_ARGUMENT', description, [violation]);
}

export function invalidArgument(message: string): Answer {
  return fcmError(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', message);
}

export const INVALID_TOKEN: Answer = invalidArgument('The registration token is not a valid FCM registration token');

export const TOO_BIG: Answer = invalidArgument('Android message is too big');

export const UNAUTHENTICATED: Answer = googleError(
  401,
  'UNAUTHENTICATED',
  'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid ' +
    'authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
  [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'ACCESS_TOKEN_EXPIRED',
      domain: 'googleapis.com',
      metadata: { service: 'fcm.googleapis.com', method: 'google.firebase.fcm.v1.FcmService.SendMessage' },
    },
  ],
);

export const NO_CREDENTIALS: Answer = googleError(
  401,
  'UNAUTHENTICATED',
  'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid ' +
    'authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
);

export function permissionDenied(project: string): Answer {
  const resource = `//cloudresourcemanager.googleapis.com/projects/${project}`;
  return googleError(
    403,
    'PERMISSION_DENIED',
    `Permission 'cloudmessaging.messages.create' denied on resource '${resource}' (or it may not exist).`,
    [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'IAM_PERMISSION_DENIED',
        domain: 'cloudresourcemanager.googleapis.com',
        metadata: { resource: `projects/${project}`, permission: 'cloudmessaging.messages.create' },
      },
    ],
  );
}

const unregistered = fcmError(404, 'NOT_FOUND', 'UNREGISTERED', 'Requested entity was not found.');

export const fcmAnswers: AnswerTable = answerTable({
  unregistered: answering(unregistered, { kills: true }),
  not_found: answering(googleError(404, 'NOT_FOUND', 'Requested entity was not found.'), { kills: true }),
  // It speaks of the sender's settings as much as of the token, which may be accepted later.
  sender_id_mismatch: answering(fcmError(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH', 'SenderId mismatch')),
  invalid_argument: answering(invalidArgument('Request contains an invalid argument.')),
  invalid_token: answering(INVALID_TOKEN, { kills: true }),
  invalid_token_field: answering(badField('message.token', 'Invalid registration token'), { kills: true }),
  too_big: answering(TOO_BIG),
  quota_exceeded: answering(
    fcmError(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED', 'Resource has been exhausted (e.g. check quota).'),
  ),
  unavailable: answering(fcmError(503, 'UNAVAILABLE', 'UNAVAILABLE', 'The service is currently unavailable.')),
  internal: answering(fcmError(500, 'INTERNAL', 'INTERNAL', 'Internal error encountered.')),
  unauthenticated: answering(UNAUTHENTICATED),
  third_party_auth_error: answering(
    fcmError(401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR', 'Auth error from APNS or Web Push Service'),
  ),
  permission_denied: answering(permissionDenied('simulated')),
  unspecified_error: answering(fcmError(400, 'INVALID_ARGUMENT', 'UNSPECIFIED_ERROR', 'Unspecified error.')),
});
