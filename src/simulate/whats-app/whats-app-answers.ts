import type { Answer } from '../../net/wire.ts';
import { type AnswerTable, answering, answerTable, jsonAnswer, type NamedAnswer } from '../answers.ts';
import type { Order } from '../faults.ts';

/** Meta's refusals by code: the status and the text. Source: Meta, "WhatsApp Cloud API: Error codes". */
const refusals: Readonly<Record<string, readonly [status: number, message: string]>> = {
  1: [500, 'An unknown error occurred'],
  2: [503, 'Service temporarily unavailable'],
  4: [400, 'Application request limit reached'],
  10: [403, 'Application does not have permission for this action'],
  33: [400, 'The business phone number has been deleted'],
  100: [400, 'Invalid parameter'],
  190: [401, 'Invalid OAuth access token - Cannot parse access token'],
  200: [403, 'Permissions error'],
  368: [403, 'Temporarily blocked for policies violations'],
  80007: [400, 'Rate limit issues'],
  130429: [429, 'Rate limit hit'],
  131000: [500, 'Something went wrong'],
  131005: [403, 'Access denied'],
  131008: [400, 'Required parameter is missing'],
  131009: [400, 'Parameter value is not valid'],
  131016: [503, 'Service unavailable'],
  131021: [400, 'Recipient cannot be sender'],
  131030: [400, 'Recipient phone number not in allowed list'],
  131031: [403, 'Business Account locked'],
  131042: [403, 'Business eligibility payment issue'],
  131045: [403, 'Incorrect certificate'],
  131048: [400, 'Spam rate limit hit'],
  131051: [400, 'Unsupported message type'],
  131056: [400, '(Business Account, Consumer Account) pair rate limit hit'],
  131057: [503, 'Account in maintenance mode'],
  132000: [400, 'Number of parameters does not match the expected number of params'],
  132001: [404, 'Template name does not exist in the translation'],
  132005: [400, 'Translated text too long'],
  132007: [400, 'Template format character policy violated'],
  132012: [400, 'Template parameter format mismatch'],
  132016: [400, 'Template is disabled'],
  132068: [400, 'Flow is in blocked state'],
  133010: [400, 'Phone number not registered'],
};

/** Errors that come later, by a status: the message is accepted and then fails. */
export const lateErrors: Readonly<Record<string, readonly [title: string, details: string]>> = {
  470: ['Message failed to send because more than 24 hours have passed', 'More than 24 hours have passed'],
  130472: ["User's number is part of an experiment", 'Failed to send the message because of an experiment'],
  131026: ['Message undeliverable', 'Message Undeliverable.'],
  131047: ['Re-engagement message', 'More than 24 hours have passed since the customer last replied to this number.'],
  131049: ['Meta chose not to deliver', 'This message was not delivered to maintain healthy ecosystem engagement.'],
  131050: ['User stopped marketing messages', 'User has stopped marketing messages from this business.'],
  131052: ['Media download error', 'Failed to download the media from the sender.'],
  131053: ['Media upload error', 'Media upload error'],
  132015: ['Template is paused', 'Template is paused due to low quality.'],
};

/** An answer in the form of Meta's Graph API. `details`: what is wrong with the message itself. */
export function refusal(code: string, details?: string): Answer {
  const [status, title] = refusals[code] ?? [400, 'Invalid parameter'];
  return jsonAnswer(status, {
    error: {
      ...{ message: `(#${code}) ${title}`, type: 'OAuthException', code: Number(code) },
      error_data: { messaging_product: 'whatsapp', details: details ?? title },
      fbtrace_id: 'AbCdEfGhIjKlMnOpQrStUv0',
    },
  });
}

const accepting: NamedAnswer = { reaction: ({ accepted }) => ({ kind: 'answer', answer: accepted() }), accepts: true };

export const whatsAppAnswers: AnswerTable = answerTable({
  ...Object.fromEntries(Object.keys(refusals).map((code) => [code, answering(refusal(code))])),
  ...Object.fromEntries(Object.keys(lateErrors).map((code) => [code, accepting])),
  /** The answer says that the template is held, and a status later that it is paused (132015). */
  held: accepting,
  /** The person also reads the message. */
  read: accepting,
  /** The statuses come before the answer. */
  early: accepting,
  /** The statuses come in the wrong order, and some twice: read, delivered, sent, read. */
  unordered: accepting,
  /** No status comes. */
  mute: accepting,
});

/** Answers without a code of Meta's, by the number that stands for them in a phone number. */
export const namedByNumber: Readonly<Record<string, string>> = {
  900001: 'lost',
  900002: 'truncated',
  900003: 'garbage',
  900004: 'reset',
  900005: 'close',
  900006: 'never',
  900007: 'html',
  900008: 'huge',
  900009: 'slow',
  900010: 'early',
  900011: 'unordered',
  900012: 'mute',
  900013: 'held',
  900014: 'read',
};

/**
 * The answer that a phone number asks for: +1510<6 digits><1 digit> always gets the answer of these six digits, which are a
 * code of Meta's or an HTTP status after zeros, or one of `namedByNumber`; with +1511 to +1519, only the first one to nine
 * tries get it. null: the number asks for nothing (any more).
 */
export function orderInNumber(number: string, tries: number): Order | null {
  const [, times, code = ''] = /^\+151(\d)(\d{6})\d$/.exec(number) ?? [];
  if (times === undefined || (times !== '0' && tries > Number(times))) return null;
  return { answer: namedByNumber[code] ?? code.replace(/^0+/, ''), retryAfterSeconds: null };
}

/** The number that asks for `answer`: a code of Meta's, an HTTP status or a name. `nth`: 0 to 9. */
export function numberFor(answer: string | number, nth = 0, times = 0): string {
  const named = Object.entries(namedByNumber).find(([, name]) => name === answer)?.[0];
  return `+151${times}${(named ?? String(answer)).padStart(6, '0')}${nth}`;
}
