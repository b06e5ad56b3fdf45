import type { Reason } from '../../dispatch/plan/reasons.ts';
import type { FoundBy } from './find-people.ts';
import { reasonInWords } from './words.ts';

/** A message as `GET /users/messages` answers it. */
export interface ToldMessage {
  dispatch_id: string;
  campaign_id?: string;
  accepted_at: string;
  /** null: the person was refused before any channel. */
  channel: string | null;
  status: string;
  reason: Reason | null;
  detail: string | null;
  address: string | null;
  next_attempt_at: string | null;
  /** The last answers after which it was tried again, oldest first. */
  retried_after?: readonly { at: string; provider_code: string; detail: string | null }[];
}

export interface ExplainedPerson {
  externalId: string | null;
  brazeId: string;
  by: FoundBy;
}

/** What became of the messages of those whom a text names. */
export interface Explained {
  people: readonly ExplainedPerson[];
  /** `campaign`: its name. null: the message has none, or it is not known. */
  messages: readonly { person: ExplainedPerson; campaign: string | null; message: ToldMessage }[];
  /** Whether older messages were left out. */
  hasMore: boolean;
}

/** For people to read: who was found, then each message in a line, with why under it. */
export function messagesText({ people, messages, hasMore }: Explained): string {
  const found = people.map((person) => `${nameOf(person)} (found by ${person.by})`);
  const isOne = people.length === 1;
  const lines = messages.flatMap(({ person, campaign, message }) => {
    const { accepted_at: at, channel, status, dispatch_id: dispatchId, campaign_id: campaignId } = message;
    const name = campaign ?? campaignId;
    const parts = [
      ...[toSecond(at), (channel ?? 'any channel').padEnd(12), status.padEnd(9)],
      ...(isOne ? [] : [nameOf(person)]),
      ...(name === undefined ? [] : [`campaign ${name}`]),
      `dispatch ${dispatchId}`,
    ];
    return ['', parts.join('  '), ...reasonsOf(message).map((sentence) => `  ${sentence}`)];
  });
  if (messages.length === 0) lines.push('', 'No message was accepted for them in that time.');
  if (hasMore) lines.push('', 'There are older ones: --limit lists more.');
  return [...found, ...lines].join('\n');
}

function nameOf({ externalId, brazeId }: ExplainedPerson): string {
  return externalId ?? `braze id ${brazeId}`;
}

/** A time without fractions of a second. */
function toSecond(at: string): string {
  return `${at.slice(0, 19)}Z`;
}

function reasonsOf(message: ToldMessage): string[] {
  const { reason, detail, address, next_attempt_at: nextAt, retried_after: retriedAfter = [] } = message;
  const words = reasonInWords(reason);
  const why = [words, detail].filter((part) => part !== null).join(': ');
  return [
    ...(address === null ? [] : [`to ${address}`]),
    ...retriedAfter.map((one) => `tried again after ${toSecond(one.at)}: ${one.detail ?? one.provider_code}`),
    ...(why === '' ? [] : [`${why}${reason === null ? '' : ` (${reason})`}`]),
    ...(nextAt === null ? [] : [`tried next at ${nextAt}`]),
  ];
}
