import assert from 'node:assert/strict';
import test from 'node:test';
import type { PendingSend, Verdict } from './send.ts';
import { asGiven, type ColumnName, changedRows } from './send-columns.ts';

const send: PendingSend = {
  bucket: 7,
  dispatchId: '019cf158-3e00-7000-8000-000000000001',
  userId: 42,
  channel: 'email',
  taskId: 3,
  attempts: 1,
};

/** The array of a column for two sends. Only the first has this verdict. */
function arrayOf(name: ColumnName, verdict: Partial<Verdict>): unknown {
  const changes = [
    { send, verdict: { status: 'failed', ...verdict } as const },
    { send: { ...send, userId: 43 }, verdict: { status: 'sent' } as const },
  ];
  const { values } = changedRows<{ changes: typeof changes }>((read) => read({ changes }), [name]);
  return values[0];
}

const cases: readonly [ColumnName, Partial<Verdict>, string | null][] = [
  ['bucket', {}, '{7,7}'],
  ['user_id', {}, '{42,43}'],
  ['task_id', {}, '{3,3}'],
  ['channel', {}, '{email,email}'],
  ['dispatch_id', {}, `{${send.dispatchId},${send.dispatchId}}`],
  ['status', {}, '{failed,sent}'],
  ['due_at', { dueAt: new Date('2026-03-15T12:00:00.5Z') }, '{2026-03-15T12:00:00.500Z,null}'],
  ['reason', { reason: 'gave_up' }, '{gave_up,null}'],
  ['address', { address: 'ada@example.test' }, '{"ada@example.test",null}'],
  ['address', {}, null],
  ['detail', { detail: 'one\r\n"two" \u0000\ud800' }, '{"one \\"two\\"  \ufffd",null}'],
  ['provider_code', { providerCode: 'x'.repeat(600) }, `{${'x'.repeat(500)},null}`],
  ['provider_message_id', { providerMessageId: 'null' }, '{"null",null}'],
  ['extra_attempts', { extraAttempts: -1 }, '{-1,0}'],
  [
    'devices',
    { devices: [{ id: 'a', app: 'b', state: 'refused', attempts: 1, code: 'no\u0000such' }] },
    '{"[{\\"id\\":\\"a\\",\\"app\\":\\"b\\",\\"state\\":\\"refused\\",\\"attempts\\":1,\\"code\\":\\"no such\\"}]",null}',
  ],
];
for (const [name, verdict, expected] of cases)
  test(`${name} of ${JSON.stringify(verdict)} is the array ${String(expected).slice(0, 60)}`, () =>
    assert.equal(arrayOf(name, verdict), expected));

test('the rows have the names and types of their columns, in order', () => {
  const rows = changedRows<{ changes: [] }>((read) => read, ['bucket', 'status', 'due_at']);
  assert.equal(rows.text, 'unnest($1::integer[], $2::send_status[], $3::timestamptz[]) as x(bucket, status, due_at)');
  assert.equal(asGiven('reason', 'detail').text, 'reason = x.reason, detail = x.detail');
});
