import type { CapFamily } from '../../channels/channel.ts';
import { checked, list, matching, object, oneOf, optional, required, type Shape } from '../../lib/raw/shape.ts';

/** The groups of channels that quiet hours tell apart. All push platforms are one. */
export const quietGroups = ['push', 'email', 'sms', 'webhook', 'whats_app', 'content_cards'] as const;
export type QuietGroup = CapFamily | 'content_cards';

/** What becomes of a message within quiet hours: it waits for their end, or it is aborted. */
export const quietActions = ['hold', 'drop'] as const;
export type QuietAction = (typeof quietActions)[number];

/** Times of day at which people are left alone, by the clock of their own zone. */
export interface QuietHours {
  /** The first minute, as HH:MM. */
  from: string;
  /** The minute after the last, as HH:MM. Earlier than `from`: the window lasts over midnight. */
  until: string;
  action: QuietAction;
  /** The groups of channels that it concerns. */
  channels: readonly QuietGroup[];
}

const DAY_MINUTES = 24 * 60;
/** Source: eligibility.md §1, step 8b. */
const MOST_MINUTES = 20 * 60;

const timeOfDay = matching(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day as a text, such as "22:00"');
const synonyms = { whatsapp: 'whats_app', content_card: 'content_cards' } as const;

/** Reads one window or a list of windows. `usual`: what becomes of messages if the window does not say it. */
export function quietWindows(usual: QuietAction): Shape<QuietHours[]> {
  const one = object({
    from: required(timeOfDay),
    until: required(timeOfDay),
    action: optional(oneOf(quietActions), usual),
    channels: optional(list(oneOf(quietGroups, synonyms), quietGroups.length), [...quietGroups]),
  });
  const several = checked(list(checked(one, problemOfWindow), quietGroups.length), problemOfWindows);
  return (value, path, problems) => {
    if (Array.isArray(value)) return several(value, path, problems);
    const window = checked(one, problemOfWindow)(value, path, problems);
    return window && [window];
  };
}

function problemOfWindow({ from, until, channels }: QuietHours): string | null {
  if (channels.length === 0) return 'expected at least one of channels; leave the member out to mean all';
  const minutes = (minuteOf(until) - minuteOf(from) + DAY_MINUTES) % DAY_MINUTES;
  if (minutes === 0) return 'expected from and until to differ';
  return minutes <= MOST_MINUTES ? null : 'expected at most 20 hours between from and until';
}

function problemOfWindows(windows: readonly QuietHours[]): string | null {
  const groups = windows.flatMap(({ channels }) => channels);
  const repeated = groups.find((group, at) => groups.indexOf(group) !== at);
  return repeated === undefined ? null : `expected at most one window for each channel, got several for ${repeated}`;
}

/** The number of a minute in its day, of a time HH:MM. */
export function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}
