// What Meta's callbacks say: rows 4, 17, 20, 22, 23 and 39 of the traps of messages.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { numberForms } from './numbers.ts';
import { readCallback, type Said } from './read.ts';

const change = (value: object, field = 'messages') => ({
  field,
  value: {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '15550100', phone_number_id: '1055' },
    ...value,
  },
});
const callback = (...changes: object[]) => ({ object: 'whatsapp_business_account', entry: [{ id: '1', changes }] });
const status = (id: string, more: object = {}) => ({
  ...{
    id,
    status: 'delivered',
    timestamp: '1767607200',
    recipient_id: '5215555550123',
    biz_opaque_callback_data: 'ref',
  },
  ...more,
});
const text = (id: string, more: object = {}) => ({
  ...{ from: '14155550101', id, timestamp: '1767607200', type: 'text', text: { body: 'hello' } },
  ...more,
});
/** One word for each thing that was said. */
const outline = (said: readonly Said[]) =>
  said.map((one) =>
    one.kind === 'status' ? `${one.status} ${one.wamid}` : one.kind === 'message' ? `message ${one.wamid}` : one.kind,
  );
const only = (body: object) => {
  const said = readCallback(body as Record<string, unknown>);
  assert.equal(said.length, 1);
  return said[0] as Said & Record<string, unknown>;
};

test('every entry, change, status and message counts, in order', () => {
  const body = {
    object: 'whatsapp_business_account',
    entry: [
      { id: '1', changes: [change({ statuses: [status('wamid.unknown'), status('wamid.1')] })] },
      {
        id: '2',
        changes: [
          change({ statuses: [status('wamid.2', { status: 'read' })] }),
          change({ messages: [text('wamid.3')] }),
        ],
      },
    ],
  };
  assert.deepEqual(outline(readCallback(body)), [
    ...['delivered wamid.unknown', 'delivered wamid.1', 'read wamid.2', 'message wamid.3'],
  ]);
  assert.deepEqual(new Set(readCallback(body).map(({ numberId }) => numberId)), new Set(['1055']));
});

test('a status: its reference, its time in seconds, and the number in Meta’s form', () => {
  const pricing = { billable: true, category: 'marketing' };
  assert.deepEqual(only(callback(change({ statuses: [status('wamid.1', { pricing })] }))), {
    ...{ kind: 'status', wamid: 'wamid.1', status: 'delivered', at: new Date(1_767_607_200_000), reference: 'ref' },
    ...{ recipient: '5215555550123', userId: null, code: null, said: null, category: 'marketing', numberId: '1055' },
  });
});

test('a failure: the code and the details, which say more than the title', () => {
  const errors = [
    { code: 131047, title: 'Re-engagement message', message: 'm', error_data: { details: 'More than 24 hours' } },
  ];
  const { code, said } = only(callback(change({ statuses: [status('wamid.1', { status: 'failed', errors })] })));
  assert.deepEqual([code, said], [131_047, 'More than 24 hours']);
});

const contents: [what: string, message: object, expected: object][] = [
  ['a text', {}, { type: 'text', text: 'hello', choice: null }],
  [
    'a quick reply of a template',
    { type: 'button', button: { payload: 'stop', text: 'Stop promotions' }, context: { from: '1', id: 'wamid.ours' } },
    { text: 'Stop promotions', choice: 'stop', answers: 'wamid.ours' },
  ],
  [
    'a reply button',
    { type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: 'qr_0', title: 'Yes!' } } },
    { text: 'Yes!', choice: 'qr_0' },
  ],
  [
    'a row of a list',
    { type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: 'r_0_1', title: 'Tea' } } },
    { text: 'Tea', choice: 'r_0_1' },
  ],
  [
    'the answer to a flow',
    { type: 'interactive', interactive: { type: 'nfm_reply', nfm_reply: { name: 'flow', response_json: '{"a":1}' } } },
    { text: '{"a":1}', choice: null },
  ],
  ['a reaction that was taken back', { type: 'reaction', reaction: { message_id: 'wamid.x' } }, { text: null }],
  [
    'a kind that Meta cannot pass on',
    { type: 'unsupported', errors: [{ code: 131051 }] },
    { type: 'unsupported', text: null },
  ],
  ['a picture', { type: 'image', image: { id: '1', caption: 'Look' } }, { text: 'Look' }],
  ['a kind that is named like a member of every object', { type: 'constructor' }, { type: 'constructor', text: null }],
  ['a text without content', { text: undefined }, { text: null }],
];
for (const [what, message, expected] of contents)
  test(`an inbound message: ${what}`, () => {
    const said = only(callback(change({ messages: [text('wamid.1', message)] })));
    assert.deepEqual({ ...said, ...expected }, said);
  });

test('a person whom Meta names by an id alone is kept whole, beside one with a number', () => {
  const id = 'US.1349000000000001';
  const messages = [text('wamid.1', { from: undefined, from_user_id: id }), text('wamid.2')];
  const contacts = [
    { profile: { name: 'Zoë' }, user_id: id },
    { profile: { name: 'Ada' }, wa_id: '14155550101' },
  ];
  const said = readCallback(callback(change({ contacts, messages })) as Record<string, unknown>);
  assert.deepEqual(
    said.map((one) => one.kind === 'message' && [one.from, one.userId, one.profileName]),
    [
      [null, id, 'Zoë'],
      ['14155550101', null, 'Ada'],
    ],
  );
  const silent = only(
    callback(change({ statuses: [status('wamid.1', { recipient_id: undefined, recipient_user_id: id })] })),
  );
  assert.deepEqual([silent.recipient, silent.userId], [null, id]);
});

test('what somebody told WhatsApp about marketing messages', () => {
  const stop = {
    wa_id: '14155550101',
    category: 'marketing_messages',
    value: 'stop',
    timestamp: 1_767_607_200,
    detail: 'd',
  };
  const { kind, wants, from, at } = only(callback(change({ user_preferences: [stop] }, 'user_preferences')));
  assert.deepEqual([kind, wants, from, at], ['preference', 'stop', '14155550101', new Date(1_767_607_200_000)]);
  assert.equal(only(callback(change({ user_preferences: [{ ...stop, category: 'utility' }] }))).kind, 'other');
});

const strange: [what: string, body: object, fields: string[]][] = [
  ['no entries', {}, ['entry']],
  ['entries that are none', { entry: 'x' }, ['entry']],
  ['a change without a value', callback({ field: 'messages' }), ['messages']],
  ['a change of another kind', callback(change({ event: 'DISABLED' }, 'account_update')), ['account_update']],
  ['a status without a message', callback(change({ statuses: [{ status: 'sent' }] })), ['messages.statuses']],
  ['errors of a change', callback(change({ errors: [{ code: 1 }], messages: [] })), ['messages.errors']],
  [
    'a message that is no object',
    callback(change({ messages: [null, 7] })),
    ['messages.messages', 'messages.messages'],
  ],
];
for (const [what, body, fields] of strange)
  test(`${what}: it is kept as it came`, () => {
    const said = readCallback(body as Record<string, unknown>);
    assert.deepEqual(
      said.map((one) => one.kind === 'other' && one.field),
      fields,
    );
  });

test('no JSON makes the reader throw, and nothing in a list is lost', () => {
  const item = fc.object({
    key: fc.constantFrom('id', 'status', 'timestamp', 'from', 'type', 'text', 'errors', 'context'),
  });
  fc.assert(
    fc.property(fc.array(item), fc.array(item), fc.object(), (statuses, messages, other) => {
      const said = readCallback(callback(change({ statuses, messages })) as Record<string, unknown>);
      assert.equal(said.length, statuses.length + messages.length);
      readCallback(other as Record<string, unknown>);
      readCallback(callback(other, change(other)) as Record<string, unknown>);
    }),
  );
});

/** Row 22 of the traps of messages. */
const numbers: [digits: string, forms: string[]][] = [
  ['5215555550123', ['+525555550123', '+5215555550123']],
  ['525555550123', ['+525555550123', '+5215555550123']],
  ['5491155550123', ['+5491155550123', '+541155550123']],
  ['541155550123', ['+5491155550123', '+541155550123']],
  ['551187654321', ['+5511987654321', '+551187654321']],
  ['5511987654321', ['+5511987654321', '+551187654321']],
  ['551132654321', ['+551132654321']],
  ['14155550101', ['+14155550101']],
  ['4366412345678', ['+4366412345678']],
];
for (const [digits, forms] of numbers)
  test(`the number ${digits} may be stored as ${forms.join(' or ')}`, () =>
    assert.deepEqual(numberForms(digits), forms));
