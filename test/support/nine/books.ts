// Compares the books: what the stand-ins answered and told, the verdicts of the server with their feedback, and the statistics.
import assert from 'node:assert/strict';
import { sql } from '../../../src/db/sql.ts';
import type { ProviderChannel } from './providers.ts';
import { deedsOf, fateOf, type MailFate } from './tell.ts';
import { CAMPAIGN, type Channel, type Nine, nineChannels, variationChannels } from './world.ts';

export type Delivery = 'at_least_once' | 'at_most_once';

export interface Verdict {
  external_id: string;
  channel: Channel;
  status: string;
  reason: string | null;
  attempts: number;
  feedback?: Record<string, unknown>;
}

/** What the server should know of a send after everything came back. Names are those of its answer. */
type Told = Partial<Record<(typeof compared)[number], true | number | string>>;
const compared = [
  ...['delivered_at', 'deferred_at', 'bounced_at', 'failed_at', 'complained_at', 'opened_at', 'clicked_at', 'read_at'],
  ...['shown_at', 'dismissed_at', 'opted_out_at', 'opens', 'machine_opens', 'clicks', 'shows', 'dismissals', 'code'],
] as const;

/** All verdicts of a dispatch, as the API shows them. */
export async function verdictsOf({ app }: Nine, id: string): Promise<Verdict[]> {
  const all: Verdict[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await app.get(`/dispatches/${id}/recipients?limit=500${query}`);
    for (const one of body.recipients) all.push(one);
    cursor = body.next_cursor ?? null;
  }
  return all;
}

/**
 * Answers that cost no attempt: our connections take care of a request that was not processed, and what asks the whole
 * account to rest says nothing of the message.
 */
const withoutAttempt: ReadonlySet<string> = new Set(['goaway', 'quota_exceeded', 'MaxRateExceeded', '20429']);
/** Answers that say that the provider has the message, or that can be read as such. */
const good: ReadonlySet<string> = new Set([
  ...['accepted', 'taken', 'slow', 'garbage', 'moved', 'early', 'unordered', 'mute', 'held', 'read'],
  ...['30003', '30005', '30007', '131026', '131049', '131050'],
]);
/** Answers after which nobody can know whether the provider has the message. */
const unclear: ReadonlySet<string> = new Set(['lost', 'reset', 'truncated']);
const accepting: ReadonlySet<string> = new Set([...good, 'lost', 'truncated']);

/** What an answer says by itself, channel by channel. */
function meaningOf(channel: ProviderChannel, answer: string): 'good' | 'unclear' | 'bad' {
  // The status alone says it to webhooks. Google's answer has the id of the message, which must be readable.
  if (channel === 'webhook' && answer === 'truncated') return 'good';
  if (channel === 'android_push' && answer === 'garbage') return 'unclear';
  return good.has(answer) ? 'good' : unclear.has(answer) ? 'unclear' : 'bad';
}

/** One line for each thing that does not agree. Empty: all books agree. */
export async function compareBooks(nine: Nine, id: string, delivery: Delivery, verdicts: readonly Verdict[]) {
  const problems: string[] = [];
  for (const channel of nineChannels) {
    const ours = verdicts.filter((one) => one.channel === channel);
    const say = (what: string) => problems.push(`${channel}: ${what}`);
    if (channel !== 'content_card') compareVerdicts(nine, channel, ours, delivery, say);
    const told = allTold(nine, channel, ours);
    for (const [verdict, expected] of told) compareFeedback(verdict, expected, say);
    for (const problem of await compareNumbers(nine, channel, ours, told)) say(problem);
  }
  return [...problems, ...(await leftOvers(nine, id, verdicts))];
}

function compareVerdicts(
  { providers, targetOf }: Nine,
  channel: ProviderChannel,
  verdicts: readonly Verdict[],
  delivery: Delivery,
  say: (what: string) => void,
): void {
  const answersTo = providers.answersTo(channel);
  for (const { external_id: person, status, reason, attempts } of verdicts) {
    const answers = answersTo.get(targetOf(channel, person)) ?? [];
    const tries = triesOf(answers);
    const what = `${person} is ${status} (${reason}) after ${attempts} attempts: ${answers.join(', ')}`;
    if (attempts !== tries.length) say(what);
    if (!isRight(meaningOf(channel, tries.at(-1) ?? ''), status, reason)) say(what);
    const surplus = tries.slice(0, -1).filter((answer) => accepting.has(answer));
    if (surplus.length > 0 && delivery === 'at_most_once') say(`${what}, twice`);
    if (surplus.some((answer) => meaningOf(channel, answer) !== 'unclear')) say(`${what}, twice without a doubt`);
  }
}

/**
 * The answers that cost an attempt. A mail whose connection ends is tried once more at once, because the connection may have
 * been stale; only if that one ends, too, it costs an attempt.
 */
function triesOf(answers: readonly string[]): string[] {
  let wasCut = false;
  return answers.filter((answer) => {
    wasCut = answer === 'cut' && !wasCut;
    return !wasCut && !withoutAttempt.has(answer);
  });
}

/** Whether the last answer explains a status. What a number's bounce or opt-out ends meanwhile is not tried again. */
function isRight(last: ReturnType<typeof meaningOf>, status: string, reason: string | null): boolean {
  if (last === 'good') return status === 'sent';
  if (last === 'unclear') return status === 'unknown';
  const endedMeanwhile = reason === 'address_dead' || reason === 'not_subscribed' || reason === 'unsubscribed';
  return status === 'failed' || status === 'bounced' || (status === 'skipped' && endedMeanwhile);
}

const mailTold: Readonly<Record<MailFate, Told>> = {
  mute: {},
  bounce: { bounced_at: true, code: '5.1.1' },
  'late bounce': { bounced_at: true, code: '5.1.1' },
  complaint: { delivered_at: true, complained_at: true },
  opened: { delivered_at: true, deferred_at: true, opened_at: true, opens: 1 },
  clicked: { delivered_at: true, opened_at: true, opens: 1, clicked_at: true, clicks: 1 },
  machine: { delivered_at: true, machine_opens: 1 },
  delivered: { delivered_at: true },
};

const lateTold: Readonly<Record<string, Told>> = {
  30003: { failed_at: true, code: '30003' },
  30005: { bounced_at: true, code: '30005' },
  30007: { failed_at: true, code: '30007' },
  131026: { failed_at: true, code: '131026' },
  131049: { failed_at: true, code: '131049' },
  131050: { failed_at: true, code: '131050', opted_out_at: true },
  held: { failed_at: true, code: '132015' },
  mute: {},
};

/** What came back of each send, by the books of whoever told it. */
function allTold({ providers, targetOf }: Nine, channel: Channel, verdicts: readonly Verdict[]): Map<Verdict, Told> {
  if (channel === 'content_card')
    return new Map(verdicts.map((one) => [one, one.status === 'sent' ? cardTold(one.external_id) : {}]));
  const answersTo = providers.answersTo(channel);
  return new Map(
    verdicts.map((one) => {
      const target = targetOf(channel, one.external_id);
      return [one, toldOf(channel, target, answersTo.get(target) ?? [])];
    }),
  );
}

function toldOf(channel: ProviderChannel, target: string, answers: readonly string[]): Told {
  const answer = answers.find((one) => accepting.has(one));
  if (answer === undefined) return {};
  if (channel === 'email') return mailTold[fateOf(target)];
  if (channel !== 'sms' && channel !== 'whats_app') return {}; // their providers tell nothing
  const isRead = channel === 'whats_app' && (answer === 'read' || answer === 'unordered');
  return lateTold[answer] ?? { delivered_at: true, ...(isRead && { read_at: true }) };
}

function cardTold(person: string): Told {
  const deeds = deedsOf(person);
  if (deeds.length === 0) return {};
  return {
    ...{ delivered_at: true, shown_at: true, shows: 1 },
    ...(deeds.includes('click') && { clicked_at: true, clicks: 1 }),
    ...(deeds.includes('dismiss') && { dismissed_at: true, dismissals: 1 }),
  };
}

function compareFeedback({ external_id: person, feedback = {} }: Verdict, told: Told, say: (what: string) => void) {
  const [known, expected] = [feedback, told as Record<string, unknown>].map((one) =>
    compared.flatMap((name) => {
      const value = one[name];
      return value === undefined || value === null ? [] : [`${name} ${name.endsWith('_at') ? '' : value}`.trim()];
    }),
  );
  if (String(known) !== String(expected)) say(`${person}: expected ${expected}; the server knows ${known}`);
}

/** The statistics of the campaign against verdicts and what was told. */
async function compareNumbers(
  { app }: Nine,
  channel: Channel,
  verdicts: readonly Verdict[],
  told: ReadonlyMap<Verdict, Told>,
): Promise<string[]> {
  const { body } = await app.get(`/campaigns/data_series?campaign_id=${CAMPAIGN}&length=7`);
  const shown: Record<string, number> = {};
  for (const { messages } of body.data)
    for (const [name, value] of Object.entries(messages[variationChannels[channel]]?.[0] ?? {}))
      if (typeof value === 'number') shown[name] = (shown[name] ?? 0) + value;
  const status = (...names: string[]) => verdicts.filter(({ status }) => names.includes(status)).length;
  const had = (name: keyof Told) => [...told.values()].filter((one) => one[name] !== undefined).length;
  const expected = numbersOf[channel](status, had);
  return Object.entries(expected).flatMap(([name, count]) =>
    shown[name] === count ? [] : [`statistics: ${name} is ${shown[name]}, the books say ${count}`],
  );
}

type Count = (...names: string[]) => number;
type Had = (name: keyof Told) => number;
const ofPush = (status: Count) => ({ sent: status('sent'), bounces: status('bounced') });

const numbersOf: Readonly<Record<Channel, (status: Count, had: Had) => Record<string, number>>> = {
  android_push: ofPush,
  apple_push: ofPush,
  kindle_push: ofPush,
  web_push: ofPush,
  webhook: (status) => ({ sent: status('sent'), errors: status('failed', 'bounced') }),
  email: (status, had) => ({
    ...{ sent: status('sent'), bounces: status('bounced') + had('bounced_at'), reported_spam: had('complained_at') },
    ...{ opens: had('opens'), unique_opens: had('opened_at'), clicks: had('clicks'), unique_clicks: had('clicked_at') },
  }),
  sms: (status, had) => ({
    ...{ sent: status('sent'), delivered: had('delivered_at'), rejected: had('failed_at') + had('bounced_at') },
    delivery_failed: status('failed', 'bounced'),
  }),
  whats_app: (status, had) => ({
    ...{ sent: status('sent'), delivered: had('delivered_at'), read: had('read_at') },
    failed: status('failed', 'bounced') + had('failed_at'),
  }),
  content_card: (status, had) => ({
    ...{ sent: status('sent'), total_impressions: had('shows'), unique_impressions: had('shown_at') },
    ...{ total_clicks: had('clicks'), unique_clicks: had('clicked_at') },
    ...{ total_dismissals: had('dismissals'), unique_dismissals: had('dismissed_at') },
  }),
};

/** What should be gone: work, and events that wait or found no send. And the counts of the dispatch itself. */
async function leftOvers({ app }: Nine, id: string, verdicts: readonly Verdict[]): Promise<string[]> {
  const { body } = await app.get(`/dispatches/${id}`);
  const counted = Object.entries<Record<string, number>>(body.channels).flatMap(([channel, counts]) =>
    ['sent', 'unknown'].flatMap((status) => {
      const rows = verdicts.filter((one) => one.channel === channel && one.status === status).length;
      return rows === (counts[status] ?? 0)
        ? []
        : [`${channel}: ${counts[status]} ${status} counted, ${rows} verdicts`];
    }),
  );
  const events = await app.db.query<{ outcome: string | null; count: number }>(sql`
    select outcome, count(*) as count from feedback_events where outcome is distinct from 'applied' group by outcome`);
  return [...counted, ...events.map(({ outcome, count }) => `${count} events ended as ${outcome ?? 'waiting'}`)];
}

/** The number of verdicts by channel and status, for people. */
export function summary(verdicts: readonly Verdict[]): string[] {
  return nineChannels.map((channel) => {
    const ours = Map.groupBy(
      verdicts.filter((one) => one.channel === channel),
      ({ status }) => status,
    );
    const counts = [...ours].sort().map(([status, ones]) => `${ones.length} ${status}`);
    return `${channel}: ${counts.join(', ')}`;
  });
}

export function assertAgree(problems: readonly string[]): void {
  assert.deepEqual(problems.slice(0, 20), [], `${problems.length} problems`);
}
