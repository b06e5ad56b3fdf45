// What comes back of mails and cards, whose stand-ins tell nothing by themselves: made of what they received.
import { createHash, createHmac } from 'node:crypto';
import type { SunkMail } from '../../../rig/smtp-sink.ts';
import { REFERENCE_HEADER } from '../../../src/channels/email/return-path.ts';
import { REFERENCE } from '../../../src/channels/email/smtp/relay-headers.ts';
import { sendGrid } from '../mail-events.ts';
import { arf, dsn } from '../reports.ts';
import { CARD_KEY, type Nine, WEB } from './world.ts';

/** What happens to a mail after it was taken. `bounce`: by a bounce mail. `complaint`: by a report after the delivery. */
export type MailFate = 'mute' | 'bounce' | 'late bounce' | 'complaint' | 'opened' | 'clicked' | 'machine' | 'delivered';

/** 2 % of each fault, drawn from the address alone, so that a mail that was taken twice has one fate. */
export function fateOf(address: string): MailFate {
  const drawn = shareOf(`fate ${address}`);
  const fates = ['mute', 'bounce', 'late bounce', 'complaint', 'machine'] as const;
  const fault = fates[Math.floor(drawn / 0.02)];
  return fault ?? (drawn < 0.3 ? 'opened' : drawn < 0.4 ? 'clicked' : 'delivered');
}

/** What a person does with a card. */
export type CardDeed = 'impression' | 'click' | 'dismiss';

export function deedsOf(person: string): CardDeed[] {
  const drawn = shareOf(`deeds ${person}`);
  if (drawn < 0.2) return [];
  return ['impression', ...(drawn < 0.5 ? (['click'] as const) : []), ...(drawn > 0.9 ? (['dismiss'] as const) : [])];
}

function shareOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}

/** Posts everything that comes back of mails to the relay, as mail servers and a mail service do. */
export async function tellMails({ app, providers: { relay, mails } }: Nine): Promise<void> {
  const now = app.clock.now();
  await inTurn(mails, async (mail) => {
    const posts = [...eventsOf(mail, now).map((event) => sendGrid([event], now)), ...returned(mail)];
    for (const { headers, body, path = `/callbacks/email/sendgrid/${app.workspaceId}` } of posts as Post[])
      await fetch(relay.url + path, { method: 'POST', headers, body });
  });
}

interface Post {
  headers: Record<string, string>;
  body: string;
  path?: string;
}

const kindsOf: Readonly<Record<MailFate, readonly string[]>> = {
  mute: [],
  bounce: [],
  'late bounce': ['delivered'],
  complaint: ['delivered'],
  opened: ['deferred', 'delivered', 'open'],
  clicked: ['delivered', 'open', 'click'],
  machine: ['delivered', 'machine open'],
  delivered: ['delivered'],
};

function eventsOf({ to, data }: SunkMail, now: Date): object[] {
  const reference = referenceIn(data);
  return kindsOf[fateOf(to)].map((kind) => ({
    ...{ email: to, timestamp: Math.floor(now.getTime() / 1_000), sg_event_id: `${reference} ${kind}` },
    ...{ event: kind === 'machine open' ? 'open' : kind, [REFERENCE]: reference },
    ...(kind === 'machine open' && { sg_machine_open: true }),
  }));
}

function returned({ to, from, data }: SunkMail): Post[] {
  const fate = fateOf(to);
  const headers = { 'content-type': 'message/rfc822' };
  const path = `/callbacks/email/mime?recipient=${encodeURIComponent(from)}`;
  if (fate === 'bounce' || fate === 'late bounce') return [{ headers, path, body: dsn({ recipient: to }) }];
  const ours = `${REFERENCE_HEADER}: ${referenceIn(data)}`;
  return fate === 'complaint' ? [{ headers, path: '/callbacks/email/mime', body: arf({ returned: ours }) }] : [];
}

function referenceIn(data: string): string {
  return new RegExp(`^${REFERENCE_HEADER}: *(\\S+)`, 'im').exec(data)?.[1] ?? '';
}

/** Has each person's page report what was done with the card, through the relay. `cardId`: that of the dispatch. */
export async function tellCards({ app, providers: { relay } }: Nine, cardId: string, people: readonly string[]) {
  const exp = Math.floor(app.clock.now().getTime() / 1_000) + 3_600;
  await inTurn(people, async (person) => {
    // One event a request, so that they overtake each other.
    for (const type of deedsOf(person)) {
      const events = [{ id: `${cardId}-${type}`, card_id: cardId, type }];
      const headers = { authorization: `Bearer ${tokenOf(person, exp)}`, 'content-type': 'application/json' };
      const path = `/feed/v1/content_cards/events?app_id=${WEB}`;
      await fetch(relay.url + path, { method: 'POST', headers, body: JSON.stringify({ events }) });
    }
  });
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function tokenOf(sub: string, exp: number): string {
  const content = `${part({ alg: 'HS256' })}.${part({ sub, exp })}`;
  return `${content}.${createHmac('sha256', CARD_KEY).update(content).digest('base64url')}`;
}

const AT_ONCE = 16;

async function inTurn<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const one of rest) await work(one);
    }),
  );
}
