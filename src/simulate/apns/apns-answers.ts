import type { Answer } from '../../net/wire.ts';
import { type AnswerTable, answerTable, type NamedAnswer, networkAnswerNames } from '../answers.ts';

/** Every status and reason of Apple's table "Handling notification responses from APNs". */
const statusOf = {
  BadCollapseId: 400,
  BadDeviceToken: 400,
  BadExpirationDate: 400,
  BadMessageId: 400,
  BadPriority: 400,
  BadTopic: 400,
  DeviceTokenNotForTopic: 400,
  DuplicateHeaders: 400,
  IdleTimeout: 400,
  InvalidPushType: 400,
  MissingDeviceToken: 400,
  MissingTopic: 400,
  PayloadEmpty: 400,
  TopicDisallowed: 400,
  BadCertificate: 403,
  BadCertificateEnvironment: 403,
  BadEnvironmentKeyIdInToken: 403,
  ExpiredProviderToken: 403,
  Forbidden: 403,
  InvalidProviderToken: 403,
  MissingProviderToken: 403,
  UnrelatedKeyIdInToken: 403,
  BadPath: 404,
  MethodNotAllowed: 405,
  ExpiredToken: 410,
  Unregistered: 410,
  PayloadTooLarge: 413,
  TooManyProviderTokenUpdates: 429,
  TooManyRequests: 429,
  InternalServerError: 500,
  ServiceUnavailable: 503,
  Shutdown: 503,
} as const;

export type ApnsReason = keyof typeof statusOf;

/** `timestamp` is in milliseconds; only Unregistered has one. */
export function apnsError(reason: ApnsReason, id: string, timestamp?: number): Answer {
  const headers: Answer['headers'] = id === '' ? [] : [['apns-id', id]];
  return { status: statusOf[reason], headers, body: JSON.stringify({ reason, ...(timestamp && { timestamp }) }) };
}

/** `DeviceTokenNotForTopic` is none of them: with another topic in the sender's settings the token is good. */
const kills: readonly ApnsReason[] = ['BadDeviceToken', 'ExpiredToken', 'Unregistered'];
const MONTH_MS = 30 * 86_400_000;

const reasons = Object.keys(statusOf) as ApnsReason[];
// If an answer is asked for by its status, the most common reason with that status answers.
const usual: ApnsReason[] = ['BadDeviceToken', 'InvalidProviderToken', 'Unregistered', 'TooManyRequests'];
const ordered = [...new Set([...usual, ...reasons])];

function answerOf(reason: ApnsReason, timestamp?: (now: Date) => number): NamedAnswer {
  return {
    reaction: ({ accepted, now }) => {
      const answer = apnsError(reason, '', timestamp?.(now));
      return { kind: 'answer', answer: { ...answer, headers: accepted().headers } };
    },
    ...(kills.includes(reason) && { kills: true }),
  };
}

export const apnsAnswers: AnswerTable = answerTable({
  ...Object.fromEntries(ordered.map((reason) => [reason, answerOf(reason)])),
  Unregistered: answerOf('Unregistered', (now) => now.getTime()),
  /** The token has been dead for a month, so one that was registered since then is alive again. */
  UnregisteredEarlier: answerOf('Unregistered', (now) => now.getTime() - MONTH_MS),
});

/** The answers that a device token can ask for. An answer's code is its position in this list. */
export const codedAnswers: readonly string[] = [...reasons, 'UnregisteredEarlier', ...networkAnswerNames];
