// Counts anew who gets what, from the rows alone: eligibility.md §1 in the order of its table, written a second time.
import { createHash } from 'node:crypto';
import type { RawPerson } from './people.ts';

export const CAMPAIGN = 'mixed';
export const CONTROL_PERCENT = 5;

/** `sent` or the reason, by channel. */
export type Fates = Record<'email' | 'apple_push' | 'sms' | 'webhook', string>;

/** What each device's provider answers, and the verdict that follows, by the number of the token modulo 41. */
export const pushFates: Readonly<Record<number, string>> = {
  ...{ 1: 'provider_refused', 2: 'address_dead', 3: 'gave_up', 4: 'unknown', 5: 'expired', 6: 'malformed_token' },
};

/**
 * Which answer a token gets. Only some devices fail again and again: with thousands of them the app is paused, and they are
 * given up one by one.
 */
export function answerOf(token: string): number {
  const number = Number(token.slice(1));
  const answer = number % 41;
  return answer === 3 && number > 4_100 ? 0 : answer;
}

/** The fates of everybody in a broadcast of the campaign at an instant. The early ones have had a text today. */
export function countAll(people: readonly RawPerson[], at: Date): Map<string, Fates> {
  const holders = holdersOf(people);
  return new Map(
    people.map((person) => [
      person.name,
      {
        email: emailFate(person, holders),
        apple_push: pushFate(person),
        sms: smsFate(person),
        webhook: webhookFate(person, at),
      },
    ]),
  );
}

/** A share of the people, by a hash of campaign and person (decision 44). */
function isControl({ userId }: RawPerson): boolean {
  const hash = createHash('sha256').update(`${CAMPAIGN}/${userId}`).digest();
  return (hash.readUInt32BE(0) / 0x1_0000_0000) * 100 < CONTROL_PERCENT;
}

/** Of people who share an address: the first who may have the mail, else the first of all. */
function holdersOf(people: readonly RawPerson[]): Map<string, number> {
  const holders = new Map<string, number>();
  for (const [address, sharing] of Map.groupBy(people, ({ email }) => email ?? '')) {
    const able = sharing.find(
      (one) => mailRefusal(one) === null && stateRefusal(one.emailState) === null && !isControl(one),
    );
    holders.set(address, (able ?? sharing[0])?.userId ?? 0);
  }
  return holders;
}

function mailRefusal({ email, emailFlags: { bounced, spam, suppressed } }: RawPerson): string | null {
  if (email === null) return 'no_address';
  return bounced ? 'hard_bounced' : spam ? 'marked_spam' : suppressed ? 'suppressed' : null;
}

/** The campaign wants `opted_in`. */
function stateRefusal(state: string): string | null {
  return state === 'unsubscribed' ? 'unsubscribed' : state === 'subscribed' ? 'not_opted_in' : null;
}

/** Whoever is passed over by a reason of their own keeps it; whoever could have had the mail is a duplicate. */
function emailFate(person: RawPerson, holders: ReadonlyMap<string, number>): string {
  const refusal = mailRefusal(person);
  if (refusal !== null) return refusal;
  const holder = holders.get(person.email ?? '') ?? 0;
  if (holder < person.userId) return 'duplicate_address';
  return stateRefusal(person.emailState) ?? (isControl(person) ? 'control_group' : 'sent');
}

function pushFate(person: RawPerson): string {
  if (person.token === null || !person.isForeground) return 'no_address';
  const refusal = stateRefusal(person.pushState);
  if (refusal !== null) return refusal;
  if (isControl(person)) return 'control_group';
  return pushFates[answerOf(person.token)] ?? 'sent';
}

/** Whether a text reaches the person, leaving out what a campaign, a cap and the text itself say. */
export function textRefusal({ phone, phoneFlags: { invalid, suppressed }, inTexts }: RawPerson): string | null {
  if (phone === null) return 'no_address';
  if (invalid) return 'invalid_phone';
  if (suppressed) return 'suppressed';
  if (inTexts !== 'subscribed') return 'not_in_subscription_group';
  return phone.startsWith('+1') ? null : 'blocked_country';
}

function smsFate(person: RawPerson): string {
  const refusal = textRefusal(person);
  if (refusal !== null) return refusal;
  if (isControl(person)) return 'control_group';
  if (person.isEarly) return 'frequency_capped';
  return person.fate === 4 ? 'payload_too_large' : 'sent';
}

const templateFates: Readonly<Record<number, string>> = { 1: 'aborted', 2: 'render_error', 3: 'content_unavailable' };

function webhookFate(person: RawPerson, at: Date): string {
  if (isControl(person)) return 'control_group';
  if (isQuiet(person, at)) return 'quiet_hours';
  return templateFates[person.fate] ?? 'sent';
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** From 22:00 to 06:00 where the person is. */
export function isQuiet({ zone }: RawPerson, at: Date): boolean {
  const clock =
    clocks.get(zone) ?? new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' });
  clocks.set(zone, clock);
  const hour = Number(clock.format(at));
  return hour >= 22 || hour < 6;
}

/** How many have each fate. */
export function tally(fates: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const fate of fates) counts[fate] = (counts[fate] ?? 0) + 1;
  return counts;
}
