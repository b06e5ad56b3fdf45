import * as z from 'zod';
import { counted } from '../../lib/counted.ts';

/** Whom a send would reach, as a dry run says. */
export interface Reach {
  /** People who are meant. It is exact. */
  people: number;
  /** Messages that would be sent or held. null: the dry run looked at a part of the people only. */
  messages: number | null;
}

const numbers = z.record(z.string(), z.number());
const dryRun = z.looseObject({ counts: numbers, channels: z.record(z.string(), numbers) });

/** Reads the answer to a dry run. null: it is none, because the campaign is paused or archived. */
export function reachOf(answer: object, isBroadcast: boolean): Reach | null {
  const read = dryRun.safeParse(answer);
  if (!read.success) return null;
  const { targeted = 0, ...others } = read.data.counts;
  const seen = sum(Object.values(others));
  const channels = Object.values(read.data.channels);
  const messages = sum(channels.map(({ would_be_sent: sent = 0, would_be_held: held = 0 }) => sent + held));
  // Named people are few, so a dry run looks at all of them.
  return { people: targeted, messages: isBroadcast && seen < targeted ? null : messages };
}

function sum(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0);
}

/** The share by which an audience may have grown or shrunk between a dry run and its confirmation. */
export const TOLERANCE = 0.02;

/** What is materially different since the dry run, in words. null: nothing. Below fifty, any difference is. */
export function differenceOf(then: Reach, now: Reach): string | null {
  if (isOther(then.people, now.people)) return `it was for ${peopleOf(then)}, and is now for ${peopleOf(now)}`;
  if (then.messages === null || now.messages === null) return null;
  if (!isOther(then.messages, now.messages)) return null;
  return `it would have sent ${counted(then.messages, 'message')}, and would now send ${now.messages}`;
}

/** Whom a send would reach, in a sentence. */
export function reachText(reach: Reach): string {
  const { messages } = reach;
  if (messages === null) return `It is for ${peopleOf(reach)}, too many to look at each.`;
  return `It is for ${peopleOf(reach)}, and would send ${counted(messages, 'message')}.`;
}

function peopleOf({ people }: Reach): string {
  return counted(people, 'person', 'people');
}

function isOther(then: number, now: number): boolean {
  return Math.abs(now - then) > then * TOLERANCE;
}
