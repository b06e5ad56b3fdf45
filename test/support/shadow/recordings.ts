// Calls with what the original answered to them, by the rows of docs/spec that are marked "recorded". The names are invented.
import type { Recorded } from './original.ts';

export interface Call {
  name: string;
  method: 'GET' | 'POST';
  url: string;
  body?: unknown;
  answer: Recorded;
}

const success = (members: object = {}, status = 201): Recorded => ({
  status,
  body: { ...members, message: 'success' },
});
const webhook = { url: 'https://example.com/hook', request_method: 'POST', body: 'Hello {{${first_name}}}' };
const ada = { external_id: 'ada', email: 'ada@example.test', first_name: 'Ada' };

const post = (name: string, url: string, body: unknown, answer: Recorded): Call => ({
  name,
  method: 'POST',
  url,
  body,
  answer,
});

export const recordings: readonly Call[] = [
  post('track', '/users/track', { attributes: [ada] }, success({ attributes_processed: 1 })),
  post(
    'alias',
    '/users/alias/new',
    { user_aliases: [{ external_id: 'ada', alias_name: 'a1', alias_label: 'crm' }] },
    success({ aliases_processed: 1 }),
  ),
  post(
    'send',
    '/messages/send',
    { external_user_ids: ['ada'], messages: { webhook } },
    success({ dispatch_id: '09d7c1f1f0a947a3a2f6a5d8f2f6b1c4' }),
  ),
  post(
    'schedule',
    '/messages/schedule/create',
    { external_user_ids: ['ada'], messages: { webhook }, schedule: { time: '2030-01-01T12:00:00Z' } },
    success({ dispatch_id: '09d7c1f1f0a947a3a2f6a5d8f2f6b1c5', schedule_id: '886a0a5a-75fb-4d2f-9f19-c6a1e0017fa8' }),
  ),
  post(
    'export',
    '/users/export/ids',
    { external_ids: ['ada'], fields_to_export: ['external_id', 'email', 'first_name', 'created_at', 'braze_id'] },
    success({
      users: [{ ...ada, created_at: '2020-06-17T20:01:33.385Z', braze_id: '5eea769d45bb2e1467418f92' }],
    }),
  ),
  post(
    'rename',
    '/users/external_ids/rename',
    { external_id_renames: [{ current_external_id: 'ada', new_external_id: 'ada2' }] },
    success({ rename_errors: [], external_ids: [{ current_external_id: 'ada', new_external_id: 'ada2' }] }),
  ),
  {
    ...{ name: 'segments', method: 'GET', url: '/segments/list?page=0' },
    answer: success({ segments: [] }, 200),
  },
  post('delete', '/users/delete', { external_ids: ['ada2'] }, success({ deleted: 1 })),
];
