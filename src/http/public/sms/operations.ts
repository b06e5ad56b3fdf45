import { invalidReasons } from '../../../people/consent/address-lists.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, given, list, oneOf, text, time } from '../../openapi/schema.ts';
import { success, words } from '../../openapi/shared.ts';
import { addressesOf, periodQuery } from '../address-schemas.ts';

export const operations: Operations = {
  'GET /sms/invalid_phone_numbers': {
    summary: 'List phone numbers that are marked as invalid',
    tag: 'Consent',
    query: { ...periodQuery('phone_numbers'), reason: words(invalidReasons, 'Only numbers with this reason.') },
    answer: {
      status: 200,
      schema: success({
        sms: list(answered({ phone: text('In E.164.'), invalid_detected_at: time(), reason: oneOf(invalidReasons) })),
      }),
    },
    errors: ['too_many_ids'],
    example: { query: { start_date: '2026-01-01', end_date: '2026-12-31' } },
  },
  'POST /sms/invalid_phone_numbers/remove': {
    summary: 'Forget that phone numbers are invalid',
    description: 'One of `phone_numbers` and `phone_number` is required.',
    tag: 'Consent',
    body: given({ phone_numbers: addressesOf('phone'), phone_number: addressesOf('phone') }),
    answer: { status: 201, schema: success() },
    errors: ['too_many_ids'],
    example: { body: { phone_numbers: ['+4366412345678'] } },
  },
};
