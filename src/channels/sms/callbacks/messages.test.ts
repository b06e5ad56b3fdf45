// What Twilio's callbacks say: rows of messaging-objects.md §7.6 to §7.8 and of the traps of messages.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { findKeyword, type KeywordTable } from './keywords.ts';
import { readInbound, readStatus } from './messages.ts';
import { twiml } from './twiml.ts';

const SID = 'SM00000000000000000000000000000001';
const tables: readonly KeywordTable[] = [
  {
    language: 'fr',
    opt_out: { words: ['arrêt', 'Stop'], reply: 'Au revoir.' },
    help: { words: ['aide'], reply: null },
  },
  { language: 'de', opt_in: { words: ['JA'], reply: 'Willkommen zurück.' } },
];

const words: [text: string, meaning: string | null][] = [
  ['stOp', 'opt_out'],
  ['REVOKE', 'opt_out'],
  ['optout', 'opt_out'],
  ['STOP PLEASE', null],
  ["please don't stop", null],
  [' stop\n', 'opt_out'],
  ['STOPALL', 'opt_out'],
  ['unsubscribe', 'opt_out'],
  ['Cancel', 'opt_out'],
  ['END', 'opt_out'],
  ['quit', 'opt_out'],
  ['start', 'opt_in'],
  ['YES', 'opt_in'],
  ['Unstop', 'opt_in'],
  ['help', 'help'],
  ['INFO', 'help'],
  ['', null],
  ['arret', null],
];
for (const [text, meaning] of words) {
  test(`the keyword in ${JSON.stringify(text)}: ${meaning}`, () => {
    assert.equal(findKeyword(text)?.meaning ?? null, meaning);
  });
}

test('the words of the group come first, with their language and reply; those of Twilio count all the same', () => {
  assert.deepEqual(findKeyword('ARR\u00caT', tables), { meaning: 'opt_out', reply: 'Au revoir.', language: 'fr' });
  assert.deepEqual(findKeyword('ARRE\u0302T', tables), { meaning: 'opt_out', reply: 'Au revoir.', language: 'fr' });
  assert.deepEqual(findKeyword('stop', tables), { meaning: 'opt_out', reply: 'Au revoir.', language: 'fr' });
  assert.deepEqual(findKeyword('ja', tables), { meaning: 'opt_in', reply: 'Willkommen zurück.', language: 'de' });
  assert.deepEqual(findKeyword('quit', tables), { meaning: 'opt_out', reply: null, language: null });
  assert.equal(findKeyword('stop'.repeat(1_000), tables), null);
});

function status(fields: Record<string, string>, hasMedia = false) {
  return readStatus(new URLSearchParams({ MessageSid: SID, To: '+14155550101', ...fields }), { hasMedia });
}

const statuses: [fields: Record<string, string>, hasMedia: boolean, expected: object][] = [
  [{ MessageStatus: 'queued' }, false, { kind: 'step', errorCode: null, isDead: false }],
  [{ MessageStatus: 'sent' }, false, { kind: 'step' }],
  [{ MessageStatus: 'delivered' }, false, { kind: 'delivered', to: '+14155550101', status: 'delivered' }],
  [{ MessageStatus: 'read' }, false, { kind: 'read' }],
  [{ MessageStatus: 'canceled' }, false, { kind: 'failed', errorCode: null }],
  [{ MessageStatus: 'undelivered', ErrorCode: '30003' }, false, { kind: 'failed', errorCode: '30003', isDead: false }],
  [{ MessageStatus: 'undelivered', ErrorCode: '30005' }, false, { kind: 'failed', errorCode: '30005', isDead: true }],
  [{ MessageStatus: 'undelivered', ErrorCode: '30006' }, false, { kind: 'failed', errorCode: '30006', isDead: true }],
  [{ MessageStatus: 'undelivered', ErrorCode: '30006' }, true, { kind: 'failed', errorCode: '30006', isDead: false }],
  [{ MessageStatus: 'undelivered', ErrorCode: '30007' }, false, { kind: 'failed', isDead: false, hasOptedOut: false }],
  [{ MessageStatus: 'failed', ErrorCode: '21610' }, false, { kind: 'failed', isDead: false, hasOptedOut: true }],
  [{ MessageStatus: 'failed', ErrorCode: '21211' }, true, { kind: 'failed', isDead: true }],
  [{ MessageStatus: 'delivered', ErrorCode: '30006' }, false, { kind: 'delivered', errorCode: null, isDead: false }],
  [{ MessageStatus: 'teleported' }, false, { kind: 'other', status: 'teleported' }],
  [{ MessageStatus: 'delivered', To: 'whatsapp:+1415' }, false, { kind: 'delivered', to: null }],
];
for (const [fields, hasMedia, expected] of statuses) {
  test(`a status callback: ${JSON.stringify(fields)}${hasMedia ? ' of a message with media' : ''}`, () => {
    assert.deepEqual({ ...status(fields, hasMedia), ...expected }, status(fields, hasMedia));
    assert.equal(status(fields, hasMedia)?.messageSid, SID);
  });
}

test('a status callback without a message or a status says nothing', () => {
  for (const fields of [{}, { MessageSid: 'x', MessageStatus: 'sent' }, { MessageStatus: 'sent or not' }])
    assert.equal(status(fields), null);
});

function inbound(fields: Record<string, string>) {
  const form = { MessageSid: SID, From: '+14155550101', To: '+14155550100', Body: 'hello', ...fields };
  return readInbound(new URLSearchParams(form), tables);
}

test('an inbound message: its keyword, or what Twilio did with it', () => {
  assert.deepEqual(inbound({}), {
    ...{ messageSid: SID, from: '+14155550101', to: '+14155550100', messagingServiceSid: null },
    ...{ body: 'hello', media: 0, keyword: null, isAnswered: false },
  });
  const arret = inbound({ Body: 'ARRET', OptOutType: 'STOP', MessagingServiceSid: 'MG1' });
  assert.deepEqual([arret?.keyword?.meaning, arret?.keyword?.reply, arret?.isAnswered], ['opt_out', null, true]);
  assert.equal(arret?.messagingServiceSid, 'MG1');
  const help = inbound({ Body: 'AIDE', OptOutType: 'HELP' });
  assert.deepEqual([help?.keyword?.meaning, help?.keyword?.reply, help?.isAnswered], ['help', null, true]);
  const stop = inbound({ Body: 'stop' });
  assert.deepEqual([stop?.keyword?.reply, stop?.isAnswered], ['Au revoir.', false]);
  assert.equal(inbound({ Body: 'x', OptOutType: '__proto__' })?.keyword, null);
});

test('an inbound message of nobody, or to nobody, says nothing', () => {
  for (const fields of [{ From: '' }, { From: '12345' }, { To: '' }, { MessageSid: '' }])
    assert.equal(inbound(fields), null);
});

test('no form makes the readers throw', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), fc.string(), (fields, body) => {
      readStatus(new URLSearchParams(fields), { hasMedia: false });
      readStatus(new URLSearchParams(body), { hasMedia: true });
      readInbound(new URLSearchParams({ MessageSid: SID, From: '+14155550101', To: 'x', ...fields }), tables);
    }),
  );
});

test('TwiML: no reply is an empty response, and a reply is text', () => {
  assert.equal(twiml(null), '<Response></Response>');
  assert.equal(twiml('a < b & c > d'), '<Response><Message>a &lt; b &amp; c &gt; d</Message></Response>');
});
