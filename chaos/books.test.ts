import assert from 'node:assert/strict';
import test from 'node:test';
import { type Books, checkBooks, type LedgerRow } from './books.ts';

const people = ['ada', 'bob', 'cid'];

/** Books that balance: Ada and Bob have an Apple device, Cid has none. */
function goodBooks(change: Partial<Books> = {}): Books {
  return {
    delivery: 'at_least_once',
    audience: people.map((person) => ({
      channel: 'apple_push',
      person,
      target: person === 'cid' ? null : `${person}-phone`,
    })),
    rows: rows({}),
    received: new Map([
      ['ada-phone', 1],
      ['bob-phone', 1],
    ]),
    reported: { apple_push: { recipients: 3, sent: 2, no_address: 1 } },
    explained: [],
    left: { tasks: 0, leases: 0, openDispatches: 0 },
    isCancelled: false,
    ...change,
  };
}

function rows(statuses: Partial<Record<string, LedgerRow['status']>>): LedgerRow[] {
  return people.map((person) => ({
    channel: 'apple_push',
    person,
    status: statuses[person] ?? (person === 'cid' ? 'skipped' : 'sent'),
    isTold: false,
  }));
}

const reported = (counts: Record<string, number>) => ({ apple_push: { recipients: 3, ...counts } });
const received = (counts: Record<string, number>) => new Map(Object.entries(counts));

test('books that balance have no problem, and are summed up', () => {
  assert.deepEqual(checkBooks(goodBooks()), {
    problems: [],
    channels: [
      {
        channel: 'apple_push',
        audience: 3,
        rows: 3,
        statuses: { sent: 2, skipped: 1 },
        reached: 2,
        lost: 0,
        duplicates: 0,
      },
    ],
    duplicates: [{ channels: ['apple_push'], count: 0, most: 0 }],
  });
});

const doctored: readonly [what: string, change: Partial<Books>, problems: readonly string[]][] = [
  [
    'a person without a row',
    {
      rows: rows({}).slice(1),
      received: received({ 'bob-phone': 1 }),
      reported: { apple_push: { recipients: 2, sent: 1 } },
    },
    ['apple_push: 1 have no row (ada)', 'apple_push: 1 are lost (ada)'],
  ],
  [
    'a person with two rows',
    { rows: [...rows({}), ...rows({}).slice(0, 1)], reported: { apple_push: { recipients: 4, sent: 3 } } },
    ['apple_push: 1 have several rows (ada)'],
  ],
  [
    'a sent message that the provider never saw',
    { received: received({ 'bob-phone': 1 }) },
    ['apple_push: 1 are lost (ada)', 'apple_push: 1 are sent, but the provider has no message (ada)'],
  ],
  [
    'a message that was given up and is lost',
    { rows: rows({ ada: 'failed' }), received: received({ 'bob-phone': 1 }), reported: reported({ sent: 1 }) },
    ['apple_push: 1 are lost (ada)', 'apple_push: 1 are failed (ada)'],
  ],
  [
    'a send that was never finished',
    { rows: rows({ ada: 'sending' }), reported: reported({ sent: 1, sending: 1 }) },
    ['apple_push: 1 are sending (ada)'],
  ],
  [
    'more duplicates than are explained',
    { received: received({ 'ada-phone': 3, 'bob-phone': 1 }), explained: [{ channels: ['apple_push'], most: 1 }] },
    ['apple_push: 2 duplicates, of which at most 1 are explained'],
  ],
  [
    'a duplicate with at_most_once',
    {
      delivery: 'at_most_once',
      received: received({ 'ada-phone': 2, 'bob-phone': 1 }),
      explained: [{ channels: ['apple_push'], most: 9 }],
    },
    ['apple_push: 1 duplicates, of which at most 0 are explained'],
  ],
  [
    'an unknown send that could have been retried',
    { rows: rows({ ada: 'unknown' }), reported: reported({ sent: 1, unknown: 1 }) },
    ['apple_push: 1 are unknown, though they may be retried (ada)'],
  ],
  [
    'a cancelled send, though nobody cancelled',
    { rows: rows({ ada: 'cancelled' }), reported: reported({ sent: 1, cancelled: 1 }) },
    ['apple_push: 1 are cancelled (ada)'],
  ],
  [
    'a cancelled send that was accepted',
    { isCancelled: true, rows: rows({ ada: 'cancelled' }), reported: reported({ sent: 1, cancelled: 1 }) },
    ['apple_push: 1 are cancelled and have it (ada)'],
  ],
  [
    'a sent message to a person who cannot be reached',
    { rows: rows({ cid: 'sent' }), reported: reported({ sent: 3 }) },
    ['apple_push: 1 have no target and are sent (cid)'],
  ],
  [
    'a row of a person outside the audience',
    {
      rows: [...rows({}), { channel: 'apple_push', person: 'eve', status: 'sent', isTold: false }],
      reported: { apple_push: { recipients: 4, sent: 3 } },
    },
    ['apple_push: 1 have a row and are not in the audience (eve)'],
  ],
  [
    'a message to an unknown target',
    { received: received({ 'ada-phone': 1, 'bob-phone': 1, 'eve-phone': 1 }) },
    ['providers: 1 got a message and belong to nobody (eve-phone)'],
  ],
  [
    'counts that the server reports differently',
    { reported: reported({ sent: 1, pending: 1 }) },
    ['apple_push: the server reports 1 sent, rows: 2', 'apple_push: the server reports 1 pending, rows: 0'],
  ],
  [
    'a person whom the server does not report',
    { reported: { apple_push: { recipients: 2, sent: 2 } } },
    ['apple_push: the server reports 2 recipients, rows: 3'],
  ],
  [
    'work that is left over',
    { left: { tasks: 2, leases: 1, openDispatches: 1 } },
    ['2 tasks are left', '1 leases are held', '1 dispatches are open'],
  ],
];

for (const [what, change, problems] of doctored) {
  test(`books do not balance with ${what}`, () => {
    assert.deepEqual(checkBooks(goodBooks(change)).problems, problems);
  });
}

test('at_least_once explains as many duplicates as messages were in hand', () => {
  const books = goodBooks({
    received: received({ 'ada-phone': 2, 'bob-phone': 1 }),
    explained: [{ channels: ['apple_push'], most: 1 }],
  });
  const { problems, channels } = checkBooks(books);
  assert.deepEqual(problems, []);
  assert.equal(channels[0]?.duplicates, 1);
});

test('at_most_once may leave a send unknown, whether the provider has the message or not', () => {
  const unknown = {
    delivery: 'at_most_once',
    rows: rows({ ada: 'unknown' }),
    reported: reported({ sent: 1, unknown: 1 }),
  } as const;
  for (const accepted of [received({ 'bob-phone': 1 }), received({ 'ada-phone': 1, 'bob-phone': 1 })])
    assert.deepEqual(checkBooks(goodBooks({ ...unknown, received: accepted })).problems, []);
});

test('cancelled sends have no message and are not lost', () => {
  const cancelled = { isCancelled: true, rows: rows({ ada: 'cancelled', cid: 'cancelled' }) };
  const books = goodBooks({
    ...cancelled,
    received: received({ 'bob-phone': 1 }),
    reported: reported({ sent: 1, cancelled: 2 }),
  });
  assert.deepEqual(checkBooks(books).problems, []);
});

/** Texts to Ada and Bob, of which the provider tells that they arrived. */
function texts(
  ada: Partial<LedgerRow>,
  received: Record<string, number>,
  delivery: Books['delivery'] = 'at_least_once',
) {
  const row = (person: string): LedgerRow => ({ channel: 'sms', person, status: 'sent', isTold: true });
  const rows = [{ ...row('ada'), ...ada }, row('bob')];
  const sent = rows.filter(({ status }) => status === 'sent').length;
  return checkBooks({
    ...goodBooks({ delivery, rows }),
    audience: ['ada', 'bob'].map((person) => ({ channel: 'sms', person, target: `twilio ${person}` })),
    received: new Map(Object.entries(received)),
    reported: { sms: { recipients: 2, sent, unknown: 2 - sent } },
  }).problems;
}

test('a text in doubt may stay so, and what was told of texts must be known of exactly those that arrived', () => {
  const both = { 'twilio ada': 1, 'twilio bob': 1 };
  assert.deepEqual(texts({}, both), []);
  assert.deepEqual(texts({ status: 'unknown' }, both), []);
  assert.deepEqual(texts({ status: 'unknown', isTold: false }, { 'twilio bob': 1 }), []);
  assert.deepEqual(texts({ isTold: false }, both), ['sms: 1 were told of in vain (ada)']);
  assert.deepEqual(texts({ status: 'unknown' }, { 'twilio bob': 1 }), [
    'sms: 1 count as delivered, but the provider has no message (ada)',
  ]);
});
