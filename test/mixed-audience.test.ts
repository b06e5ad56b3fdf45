// The totals of dispatches to people in every state against a second count from the rows. CRESSET_TEST_MIXED_PEOPLE=100000:
// how many there are. One dispatch goes to all by a broadcast, one by a list, and one is cancelled on its way.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { PushOutcome } from '../src/channels/push/sender.ts';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { allowed, contentServer } from './support/content-server.ts';
import { ndjson, sendList } from './support/lists.ts';
import {
  answerOf,
  CAMPAIGN,
  CONTROL_PERCENT,
  countAll,
  type Fates,
  isQuiet,
  tally,
  textRefusal,
} from './support/mixed/count.ts';
import { givenMixed, IOS, type RawPerson, readMixed, TEXTS } from './support/mixed/people.ts';
import { apns, scriptedProvider } from './support/push-provider.ts';

const PEOPLE = Number(process.env.CRESSET_TEST_MIXED_PEOPLE ?? 1_200);
const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const PRO = '11111111-1111-4111-8111-111111111112';
const channels = ['email', 'apple_push', 'sms', 'webhook'] as const;

const answers: Readonly<Record<number, PushOutcome>> = {
  1: { kind: 'failed', reason: 'BadTopic' },
  2: { kind: 'bounced', reason: 'Unregistered', token: 'keep' },
  3: { kind: 'retry', reason: 'InternalServerError' },
  4: { kind: 'unknown', reason: 'no answer' },
  5: { kind: 'expired' },
  6: { kind: 'failed', reason: 'malformed_token', isOurs: true },
};

const hook = { url: 'https://example.com/', request_method: 'POST' };
const fate = 'custom_attribute.${fate}';
const messagesFor = (content: string) => ({
  email: { app_id: IOS, from: 'a@acme.test', subject: 's', body: '<p>b</p>' },
  apple_push: { alert: 'a' },
  sms: {
    ...{ app_id: IOS, subscription_group_id: TEXTS },
    body: `{% if ${fate} == 4 %}{% for i in (1..170) %}0123456789{% endfor %}{% endif %}b`,
  },
  webhook: {
    ...hook,
    body: [
      `{% if ${fate} == 1 %}{% abort_message('no') %}{% endif %}{% if ${fate} == 2 %}{{ 1 | divided_by: 0 }}{% endif %}`,
      `{% if ${fate} == 3 %}{% connected_content ${content}/down :save p :retry %}{% endif %}b`,
    ].join(''),
  },
});

/** Moves the clock until nothing of a dispatch waits. */
async function settle(app: TestApp, id: string): Promise<void> {
  for (let stepMs = 30_000; ; stepMs = Math.min(2 * stepMs, 3_600_000)) {
    await app.drain();
    if ((await app.get(`/dispatches/${id}`)).body.state === 'finished') return;
    app.clock.advance(stepMs);
  }
}

async function accept(app: TestApp, path: string, body: object): Promise<string> {
  const { status, body: answer } = await app.post(path, body);
  assert.equal(status, 201, JSON.stringify(answer));
  return answer.dispatch_id;
}

/** The counts of a channel without those of attempts. */
function countsOf(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).filter(([name, count]) => count > 0 && !/^(recipients|attempts|held)/.test(name)),
  );
}

/** The verdicts in the ledger that are not what the second count says. */
async function wrongOnes(app: TestApp, id: string, expected: ReadonlyMap<string, Fates>): Promise<string[]> {
  const rows = await app.db.query<{ name: string; channel: keyof Fates; told: string }>(sql`
    select p.external_id as name, s.channel, case s.status when 'sent' then 'sent' else coalesce(s.reason::text, s.status::text) end as told
      from sends s join profiles p using (bucket, user_id) where s.dispatch_id = ${id}`);
  return rows.flatMap(({ name, channel, told }) => {
    const wanted = expected.get(name)?.[channel];
    return wanted === told ? [] : [`${name} ${channel}: ${told}, expected ${wanted}`];
  });
}

test(`the totals of ${PEOPLE} people in every state are those of an independent count`, async (t) => {
  const down = await contentServer(t, { '/down': (response) => void response.writeHead(503).end() });
  const provider = scriptedProvider();
  provider.usually(({ token }) => answers[answerOf(token)] ?? { kind: 'accepted', providerId: token });
  const startsAt = new Date('2027-06-01T14:00:00Z');
  const app = await startTestApp(t, { startsAt, pushSenders: provider.senders });
  const messages = JSON.stringify(messagesFor(down.origin));
  await app.givenWorkspace(`${allowed(down)}
apps: [{ id: ${IOS}, name: iPhone, platform: ios, apns: ${apns()} }]
subscription_groups: [{ id: ${TEXTS}, name: Texts, channel: sms, countries: [US] }]
segments:
  - { id: ${EVERYBODY}, name: Everybody, filter: null }
  - { id: ${PRO}, name: Pro, filter: { custom_attribute: { custom_attribute_name: plan, comparison: equals, value: pro } } }
quiet_hours: [{ from: "22:00", until: "06:00", channels: [webhook] }]
frequency_caps: [{ channel: sms, max_sends: 1, period_count: 1, period_unit: days }]
campaigns:
  - { id: ${CAMPAIGN}, name: Mixed, kind: api_triggered, recipient_subscription_state: opted_in, control_share: ${CONTROL_PERCENT}, messages: ${messages} }`);
  await givenMixed(app, PEOPLE);
  const people = await readMixed(app);
  assert.equal(people.length, PEOPLE);

  await t.test('a text before, which counts toward the cap', async () => {
    const early = { custom_attribute: { custom_attribute_name: 'early', comparison: 'equals', value: true } };
    const sms = { app_id: IOS, subscription_group_id: TEXTS, body: 'b' };
    const id = await accept(app, '/messages/send', { broadcast: true, audience: early, messages: { sms } });
    await settle(app, id);
    const { body } = await app.get(`/dispatches/${id}`);
    const meant = people.filter(({ isEarly }) => isEarly);
    assert.equal(body.counts.targeted, meant.length);
    assert.deepEqual(countsOf(body.channels.sms), tally(meant.map((one) => textRefusal(one) ?? 'sent')));
  });

  await t.test('a broadcast of all channels', async () => {
    const expected = countAll(people, app.clock.now());
    const id = await accept(app, '/campaigns/trigger/send', {
      broadcast: true,
      campaign_id: CAMPAIGN,
      audience: everybody,
    });
    await settle(app, id);
    const { body } = await app.get(`/dispatches/${id}`);
    const fates = [...expected.values()];
    const wanted = Object.fromEntries(channels.map((channel) => [channel, tally(fates.map((one) => one[channel]))]));
    assert.deepEqual((await wrongOnes(app, id, expected)).slice(0, 20), []);
    assert.deepEqual([body.counts.targeted, body.counts.recipients], [PEOPLE, PEOPLE]);
    for (const channel of channels) assert.deepEqual(countsOf(body.channels[channel]), wanted[channel], channel);
    const seen = new Set(channels.flatMap((channel) => Object.keys(wanted[channel] ?? {})));
    assert.deepEqual([...seen].sort(), everyReason.sort());
    t.diagnostic(JSON.stringify(wanted));
  });

  await t.test('a list with strangers, duplicates and outsiders', async () => {
    const { lines, expected } = listOf(people, app.clock.now());
    const first = { messages: { webhook: hook }, segment_id: PRO, audience: earlyOnly };
    const { status, body: answer } = await sendList(app, [ndjson(first, ...lines)]);
    assert.equal(status, 201, JSON.stringify(answer));
    await settle(app, answer.dispatch_id);
    const { body } = await app.get(`/dispatches/${answer.dispatch_id}`);
    const { sent = 0, quiet_hours = 0, ...refused } = expected;
    assert.deepEqual(body.counts, { targeted: lines.length, recipients: sent + quiet_hours, ...refused });
    assert.deepEqual(countsOf(body.channels.webhook), { sent, ...(quiet_hours > 0 && { quiet_hours }) });
  });

  await t.test('a broadcast that is cancelled on its way', async () => {
    const id = await accept(app, '/messages/send', {
      ...{ broadcast: true, segment_id: EVERYBODY, messages: { webhook: hook } },
      ...{ ignore_workspace_quiet_hours: true, cresset: { pace: { per_minute: 100 } } },
    });
    await app.drain();
    await app.post(`/dispatches/${id}/cancel`, {});
    await app.drain();
    const { sent } = await app.db.one<{ sent: number }>(
      sql`select count(*)::int as sent from sandbox_messages where dispatch_id = ${id}`,
    );
    const { body } = await app.get(`/dispatches/${id}`);
    assert.ok(sent > 0 && sent <= 100, `${sent} were sent`);
    assert.deepEqual(countsOf(body.channels.webhook), { sent, cancelled: PEOPLE - sent });
  });
});

const earlyOnly = { custom_attribute: { custom_attribute_name: 'early', comparison: 'equals', value: true } };
const everybody = { custom_attribute: { custom_attribute_name: 'never', comparison: 'does_not_exist' } };

const everyReason = [
  ...['sent', 'no_address', 'hard_bounced', 'marked_spam', 'suppressed', 'duplicate_address', 'invalid_phone'],
  ...['unsubscribed', 'not_opted_in', 'not_in_subscription_group', 'blocked_country', 'control_group', 'quiet_hours'],
  ...['frequency_capped', 'aborted', 'render_error', 'content_unavailable', 'payload_too_large', 'expired'],
  ...['provider_refused', 'address_dead', 'gave_up', 'unknown', 'malformed_token'],
];

/** A line for everybody, some of which name nobody or somebody again, and what should become of the lines. */
function listOf(people: readonly RawPerson[], now: Date): { lines: object[]; expected: Record<string, number> } {
  const seen = new Set<RawPerson>();
  const lines: object[] = [];
  const fates: string[] = [];
  const fateOf = (person: RawPerson | undefined): string => {
    if (person === undefined) return 'unknown_user';
    if (seen.has(person)) return 'duplicate';
    seen.add(person);
    if (person.plan !== 'pro') return 'not_in_segment';
    return person.isEarly ? (isQuiet(person, now) ? 'quiet_hours' : 'sent') : 'not_in_audience';
  };
  for (const [at, person] of people.entries()) {
    const named = at % 50 === 49 ? undefined : at % 60 === 31 ? people[at - 1] : person;
    lines.push({ external_user_id: named?.name ?? `ghost${at}` });
    fates.push(fateOf(named));
  }
  return { lines, expected: tally(fates) };
}
