import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import test from 'node:test';
import type { LocatedSend } from '../../dispatch/ledger/feedback/located-sends.ts';
import type { SendReference } from '../reference.ts';
import { readReference } from '../reference.ts';
import type { WaitingEvent } from '../waiting-events.ts';
import { judge, type OtherClick } from './judge.ts';
import { personPart, readPerson, readTarget, targetPart, trackingKeys } from './links.ts';
import { visitorOf } from './visitor.ts';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36';
const GMAIL = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)';
const sentAt = new Date('2026-03-15T12:00:00Z');

function who(
  userAgent: string,
  {
    afterMs = 3_600_000,
    kind = 'opened' as 'opened' | 'clicked',
    status = 'sent',
    purpose = '',
    clicks = [] as OtherClick[],
  } = {},
): string {
  const { bot, why } = visitorOf({ userAgent, purpose });
  const event = { kind, bot, code: why, occurredAt: new Date(sentAt.getTime() + afterMs) } as WaitingEvent;
  const send = { status, updatedAt: sentAt } as LocatedSend;
  const judged = judge({ event, send, origin: null, isAnswer: false, address: null }, clicks);
  return `${judged.bot} ${judged.why}`;
}

test('Gmail’s picture proxy is a person; what Apple’s proxy says proves a machine only with its time', () => {
  // Traps of mail, row 32.
  assert.equal(who(GMAIL), 'gmail image_proxy');
  assert.equal(who('Mozilla/5.0', { afterMs: 2_000 }), 'apple too_soon');
  assert.equal(who('Mozilla/5.0'), 'none bare_user_agent');
  assert.equal(who(CHROME), 'none null');
});

test('nobody reads within seven seconds, or before the message was sent', () => {
  assert.equal(who(CHROME, { afterMs: 6_999 }), 'scanner too_soon');
  assert.equal(who(CHROME, { afterMs: 7_000 }), 'none null');
  assert.equal(who(GMAIL, { afterMs: 1_000 }), 'scanner too_soon');
  assert.equal(who(CHROME, { status: 'sending' }), 'scanner too_soon');
  assert.equal(who(CHROME, { status: 'bounced' }), 'none null');
});

test('machines are known by what they call themselves', () => {
  const machines = [
    'curl/8.5.0',
    'python-requests/2.32',
    'Go-http-client/2.0',
    'Mozilla/5.0 (compatible; bingbot/2.0)',
    'Slackbot 1.0',
    'BarracudaSentinel',
  ];
  for (const agent of machines) assert.equal(who(agent), 'scanner user_agent', agent);
  assert.equal(who('  '), 'scanner no_user_agent');
  assert.equal(who(CHROME, { purpose: ' prefetch;prerender' }), 'scanner prefetch');
  assert.equal(who('Mozilla/5.0 (Linux; Android 9; CUBOT_X19)'), 'none null');
});

test('several links at once are those of a machine; one link twice, or two links a while apart, are a person’s', () => {
  const at = (link: string, afterMs: number) => ({ link, atMs: sentAt.getTime() + 60_000 + afterMs });
  const click = (...clicks: OtherClick[]) => who(CHROME, { kind: 'clicked', afterMs: 60_000, clicks });
  assert.equal(click(at('a', 0), at('b', 2_000)), 'scanner several_links');
  assert.equal(click(at('b', -2_000), at('a', 0)), 'scanner several_links');
  assert.equal(click(at('a', 0), at('hidden', 500)), 'scanner several_links');
  assert.equal(click(at('a', 0), at('a', 1_000)), 'none null');
  assert.equal(click(at('a', 0), at('b', 2_001)), 'none null');
});

const secret = createSecretKey(Buffer.alloc(32, 1));
const keys = trackingKeys(secret);
const dispatchId = '0195a1b2-c3d4-7abc-8def-0123456789ab';
const ada: SendReference = { workspaceId: 1, bucket: 2, userId: 3, dispatchId, channel: 'email' };

test('a link leads only where it was made to lead, in its own dispatch', () => {
  const target = targetPart(keys, dispatchId, 'https://a.test/?x=ä');
  assert.equal(readTarget(keys, dispatchId, target), 'https://a.test/?x=ä');
  const evil = target.slice(0, 16) + Buffer.from('https://evil.example/').toString('base64url');
  const changed = [evil, `${target}A`, target.slice(0, -1), target.slice(1), '', 'x', target.slice(0, 16)];
  for (const one of changed) assert.equal(readTarget(keys, dispatchId, one), null, one);
  assert.equal(readTarget(keys, dispatchId.replace('0195', '0196'), target), null);
});

test('who has a person’s link cannot speak for a provider about them', () => {
  const person = personPart(keys, ada);
  assert.deepEqual(readPerson(keys, person), ada);
  assert.equal(readReference(secret, person), null);
});
