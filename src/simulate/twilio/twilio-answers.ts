import type { Answer } from '../../net/wire.ts';
import { type AnswerTable, answering, answerTable, jsonAnswer, type NamedAnswer } from '../answers.ts';
import type { Order } from '../faults.ts';

/** Twilio's refusals by code: the status and the text. Source: Twilio, "Error and Warning Dictionary". */
const refusals: Readonly<Record<string, readonly [status: number, message: string]>> = {
  20001: [400, 'Invalid parameter'],
  20003: [401, 'Authenticate'],
  20404: [404, 'The requested resource was not found'],
  20429: [429, 'Too Many Requests'],
  20500: [500, 'Internal Server Error'],
  20503: [503, 'Service Unavailable'],
  21211: [400, "The 'To' number is not a valid phone number"],
  21408: [400, 'Permission to send an SMS has not been enabled for the region'],
  21602: [400, 'Message body is required'],
  21603: [400, "A 'From' phone number is required"],
  21604: [400, "A 'To' phone number is required"],
  21606: [400, "The 'From' phone number provided is not a valid message-capable number for this account"],
  21608: [400, 'The number is unverified. Trial accounts cannot send messages to unverified numbers'],
  21609: [400, "Invalid 'StatusCallback' url"],
  21610: [400, 'Attempt to send to unsubscribed recipient'],
  21611: [429, "This 'From' number has exceeded the maximum number of queued messages"],
  21612: [400, "Message cannot be sent with the current combination of 'To' and 'From' parameters"],
  21614: [400, "'To' number is not a valid mobile number"],
  21617: [400, 'The concatenated message body exceeds the 1600 character limit'],
  21620: [400, 'Invalid media URL(s)'],
  21623: [400, 'Number of media files exceeds allowed limit'],
  21635: [400, "'To' number cannot be a Landline"],
};

/** Errors that come later, by a status callback: the message is accepted and then not delivered. */
export const lateErrors: ReadonlySet<string> = new Set(['30003', '30004', '30005', '30006', '30007', '30008', '30034']);

/** After one of these the number gets the same answer again. */
const final: ReadonlySet<string> = new Set(['21211', '21614', '21635']);

export function refusal(code: string): Answer {
  const [status, message] = refusals[code] ?? [400, 'Bad Request'];
  return jsonAnswer(status, {
    ...{ code: Number(code), message, status },
    more_info: `https://www.twilio.com/docs/errors/${code}`,
  });
}

const accepting: NamedAnswer = { reaction: ({ accepted }) => ({ kind: 'answer', answer: accepted() }), accepts: true };

export const answers: AnswerTable = answerTable({
  ...Object.fromEntries(
    Object.keys(refusals).map((code) => [code, answering(refusal(code), final.has(code) ? { kills: true } : {})]),
  ),
  ...Object.fromEntries([...lateErrors].map((code) => [code, accepting])),
  /** The callbacks come before the answer. */
  early: accepting,
  /** The callbacks come in the wrong order, and the last one twice. */
  unordered: accepting,
  /** No callback comes. */
  mute: accepting,
});

/** Answers without a code of Twilio's, by the number that stands for them in a phone number. */
export const namedByNumber: Readonly<Record<string, string>> = {
  90001: 'lost',
  90002: 'truncated',
  90003: 'garbage',
  90004: 'reset',
  90005: 'close',
  90006: 'never',
  90007: 'html',
  90008: 'huge',
  90009: 'slow',
  90010: 'early',
  90011: 'unordered',
  90012: 'mute',
};

/**
 * The answer that a phone number asks for: +1500<5 digits><2 digits> always gets the answer of these five digits, which
 * are a code of Twilio's, an HTTP status after two zeros, or one of `namedByNumber`; with +1501 to +1509, only the first one
 * to nine tries get it. +15005550001 is Twilio's own number for 21211. null: the number asks for nothing (any more).
 */
export function orderInNumber(number: string, tries: number): Order | null {
  if (number === '+15005550001') return { answer: '21211', retryAfterSeconds: null };
  const [, times, code = ''] = /^\+150(\d)(\d{5})\d{2}$/.exec(number) ?? [];
  if (times === undefined || (times !== '0' && tries > Number(times))) return null;
  return { answer: namedByNumber[code] ?? code.replace(/^00/, ''), retryAfterSeconds: null };
}

/** The number that asks for `answer`: a code of Twilio's, an HTTP status or a name. `nth`: 0 to 99. */
export function numberFor(answer: string | number, nth = 0, times = 0): string {
  const named = Object.entries(namedByNumber).find(([, name]) => name === answer)?.[0];
  return `+150${times}${(named ?? String(answer)).padStart(5, '0')}${String(nth).padStart(2, '0')}`;
}
