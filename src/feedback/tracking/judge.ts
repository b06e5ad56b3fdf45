import type { FoundEvent } from '../found-event.ts';
import type { Visitor, Why } from './visitor.ts';

/** Nobody reads a message sooner, in milliseconds after it was accepted. */
export const READ_SOONEST_MS = 7_000;
/** Clicks on different links of one message within this time, in milliseconds, are those of a machine. */
export const AT_ONCE_MS = 2_000;

/** A click on a link of the same message. */
export interface OtherClick {
  link: string;
  atMs: number;
}

/** Whether the event is an open or a click that this server noticed itself, so that it judges who it was. */
export function isTracked({ event: { provider, bot } }: FoundEvent): boolean {
  return provider === 'cresset' && bot !== null;
}

/**
 * Who opened or clicked, by what the request told and by when it came. `clicks`: those on links of the same message, this one
 * included. Pure.
 */
export function judge({ event, send }: FoundEvent, clicks: readonly OtherClick[]): Visitor {
  const told: Visitor = { bot: event.bot ?? 'none', why: event.code as Why | null };
  if (told.bot === 'scanner') return told;
  const atMs = event.occurredAt.getTime();
  const isUnsent = send?.status === 'pending' || send?.status === 'sending';
  if (isUnsent || (send?.status === 'sent' && atMs - send.updatedAt.getTime() < READ_SOONEST_MS))
    return { bot: told.why === 'bare_user_agent' && event.kind === 'opened' ? 'apple' : 'scanner', why: 'too_soon' };
  const near = clicks.filter((click) => Math.abs(click.atMs - atMs) <= AT_ONCE_MS);
  if (event.kind === 'clicked' && new Set(near.map(({ link }) => link)).size > 1)
    return { bot: 'scanner', why: 'several_links' };
  return told;
}
