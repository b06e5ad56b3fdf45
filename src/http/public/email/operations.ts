import { globalStates } from '../../../templating/facts.ts';
import type { Operation, Operations } from '../../openapi/operation.ts';
import { answered, given, list, type Members, oneOf, required, type Schema, text, time } from '../../openapi/schema.ts';
import { sortDirection, success } from '../../openapi/shared.ts';
import { addressesOf, periodQuery } from '../address-schemas.ts';
import { consentOptions } from '../consent-schemas.ts';

const emails = addressesOf('email');

function changing(path: string, summary: string, options: Members = {}): Operations {
  const operation: Operation = {
    summary,
    tag: 'Consent',
    body: given({ email: required(emails), ...options }),
    answer: { status: 201, schema: success() },
    errors: ['too_many_ids'],
    example: { body: { email: ['ada@example.com'] } },
  };
  return { [path]: operation };
}

const listed = (timeMember: string): Schema =>
  success({ emails: list(answered({ email: text(), [timeMember]: time() }), 'The addresses.') });

export const operations: Operations = {
  'POST /email/status': {
    summary: 'Set the subscription state of email addresses',
    tag: 'Consent',
    body: given({
      email: required(emails),
      subscription_state: required(oneOf(globalStates, 'The state of everybody who has the address.')),
      cresset: consentOptions,
    }),
    answer: { status: 201, schema: success() },
    errors: ['too_many_ids'],
    example: { body: { email: ['ada@example.com'], subscription_state: 'unsubscribed' } },
  },
  ...changing('POST /email/blocklist', 'Mark email addresses as hard bounced', { cresset: consentOptions }),
  ...changing('POST /email/blacklist', 'Mark email addresses as hard bounced, by the older name', {
    cresset: consentOptions,
  }),
  ...changing('POST /email/bounce/remove', 'Forget that email addresses bounced'),
  ...changing('POST /email/spam/remove', 'Forget that email addresses reported spam'),
  'GET /email/hard_bounces': {
    summary: 'List hard bounced email addresses',
    tag: 'Consent',
    query: periodQuery('email'),
    answer: { status: 200, schema: listed('hard_bounced_at') },
    errors: ['too_many_ids'],
    example: { query: { start_date: '2026-01-01', end_date: '2026-12-31' } },
  },
  'GET /email/unsubscribes': {
    summary: 'List unsubscribed email addresses',
    tag: 'Consent',
    query: { ...periodQuery('email'), sort_direction: sortDirection },
    answer: { status: 200, schema: listed('unsubscribed_at') },
    errors: ['too_many_ids'],
    example: { query: { start_date: '2026-01-01', end_date: '2026-12-31' } },
  },
};
