import type { Database } from '../../../db/database.ts';
import { removeFlag } from '../../../people/consent/address-flags.ts';
import { listInvalidPhones } from '../../../people/consent/address-lists.ts';
import type { Route } from '../../route.ts';
import { periodParameters } from '../address-lists.ts';
import { readPhoneFilter, readPhones } from './request.ts';

/** The phone numbers that are marked as invalid. Source: adjacent-endpoints.md §3.7. */
export function smsRoutes({ db }: { db: Database }): Route[] {
  return [
    {
      method: 'GET',
      path: '/sms/invalid_phone_numbers',
      permission: 'sms.invalid_phone_numbers',
      query: [...periodParameters, 'phone_numbers[]', 'reason'],
      async handle({ query, workspaceId }) {
        const listed = await listInvalidPhones(db, workspaceId, readPhoneFilter(query));
        const sms = listed.map(({ address, at, reason }) => ({
          phone: address,
          invalid_detected_at: at.toISOString(),
          reason,
        }));
        return { status: 200, body: { sms, message: 'success' } };
      },
    },
    {
      method: 'POST',
      path: '/sms/invalid_phone_numbers/remove',
      permission: 'sms.invalid_phone_numbers.remove',
      async handle({ body, workspaceId }) {
        await removeFlag(db, { workspaceId, addresses: readPhones(body), flag: 'invalid_phone' });
        return { status: 201, body: { message: 'success' } };
      },
    },
  ];
}
