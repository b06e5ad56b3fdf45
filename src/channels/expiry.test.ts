import assert from 'node:assert/strict';
import test from 'node:test';
import { Problems } from '../lib/raw/problems.ts';
import { type ChannelKey, channelKeys } from './channel.ts';
import { channels } from './index.ts';

const acceptedAt = new Date('2026-03-15T12:00:00Z');
/** An hour after acceptance, because a retry renders again. */
const renderedAt = new Date('2026-03-15T13:00:00Z');
const tomorrow = '2026-03-16T12:00:00Z';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 86_400 * SECOND;
const NEVER = Number.POSITIVE_INFINITY;
const text = { title: 't', alert: 'a' };

interface Row {
  key: ChannelKey;
  raw: Record<string, unknown>;
  /** The member after rendering for the person. */
  becomes?: Record<string, unknown>;
  /** Milliseconds from acceptance to expiry: of the rendered message, and of the template. */
  rendered: number;
  template: number;
}

const table: Row[] = [
  ...(['android_push', 'web_push'] as const).flatMap((key): Row[] => [
    { key, raw: text, rendered: 28 * DAY, template: NEVER },
    { key, raw: { ...text, time_to_live: 60 }, rendered: MINUTE, template: MINUTE },
    { key, raw: { ...text, time_to_live: 0 }, rendered: 28 * DAY, template: 28 * DAY },
    {
      key,
      raw: { ...text, time_to_live: '{{ s }}' },
      becomes: { time_to_live: '60' },
      rendered: MINUTE,
      template: NEVER,
    },
  ]),
  { key: 'apple_push', raw: { alert: 'a' }, rendered: 30 * DAY, template: NEVER },
  { key: 'apple_push', raw: { alert: 'a', expiry: tomorrow }, rendered: DAY, template: DAY },
  {
    key: 'apple_push',
    raw: { alert: 'a', expiry: '{{ t }}' },
    becomes: { expiry: tomorrow },
    rendered: DAY,
    template: NEVER,
  },
  { key: 'kindle_push', raw: text, rendered: 31 * DAY, template: NEVER },
];
for (const { key, raw, becomes, rendered, template } of table) {
  test(`${key} ${JSON.stringify(raw)} expires after ${rendered / SECOND} s`, () => {
    const channel = channels[key];
    const message = channel.parse(raw, key, new Problems(), acceptedAt);
    if (message === null || channel.expiry === undefined) throw new Error('there is nothing to expire');
    const facts = {
      now: renderedAt,
      timeZone: 'UTC',
      dispatchId: 'd',
      campaignId: null,
      unsubscribeUrl: null,
      provider: null,
    };
    const whole = channel.render({ ...message, ...becomes }, facts);
    assert.equal(channel.expiry.ofRendered(whole, acceptedAt, message) - acceptedAt.getTime(), rendered);
    assert.equal(channel.expiry.ofTemplate(message, acceptedAt) - acceptedAt.getTime(), template);
  });
}

test('no other channel has an expiry', () => {
  const expiring = new Set(table.map(({ key }) => key));
  for (const key of channelKeys) assert.equal(channels[key].expiry !== undefined, expiring.has(key), key);
});
