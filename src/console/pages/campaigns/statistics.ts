import { share } from '../../lib/say.ts';

type Counters = Readonly<Record<string, number | string>>;

/** One day of `GET /campaigns/data_series`. */
export interface Day {
  /** YYYY-MM-DD, UTC. */
  time: string;
  messages: Readonly<Record<string, readonly Counters[]>>;
  unique_recipients: number;
}

/** The variations that a campaign has now, by their ids. `weight`: percent of the people; absent: the request chooses. */
export type NamedVariations = Readonly<Record<string, { channel: string; name: string; weight?: number }>>;

/** What a variation did in all days. null: its channel does not tell. */
export interface VariationTotals {
  id: string;
  channel: string;
  sent: number;
  delivered: number | null;
  opened: number | null;
  clicked: number | null;
  left: number | null;
  failed: number | null;
  machineOpens: number;
  machineClicks: number;
}

/** Names of one thing in the channels' counters. The first that is there counts. */
const names = {
  delivered: ['delivered'],
  opened: ['unique_opens', 'direct_opens', 'read', 'unique_impressions'],
  clicked: ['unique_clicks', 'body_clicks', 'clicks'],
  left: ['unsubscribes', 'opt_out', 'unique_dismissals'],
} as const;

/** What went wrong, each apart: a mail bounces, a text is refused or was never taken. */
const failures = ['bounces', 'errors', 'failed', 'rejected', 'delivery_failed'];

/** Each variation, in the order of the answer. */
export function totalsOf(days: readonly Day[]): VariationTotals[] {
  const all = days.flatMap(({ messages }) =>
    Object.entries(messages).flatMap(([channel, entries]) => entries.map((entry) => ({ channel, entry }))),
  );
  const grouped = Map.groupBy(all, ({ channel, entry }) => `${channel} ${entry.variation_api_id}`);
  return [...grouped.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const entries = [first, ...others].map(({ entry }) => entry);
    return [{ id: String(first.entry.variation_api_id), channel: first.channel, ...summed(entries) }];
  });
}

function summed(entries: readonly Counters[]): Omit<VariationTotals, 'id' | 'channel'> {
  const sum = (name: string) => entries.reduce((sofar, entry) => sofar + Number(entry[name] ?? 0), 0);
  const told = (some: readonly string[]) => {
    const name = some.find((one) => entries.some((entry) => entry[one] !== undefined));
    return name === undefined ? null : sum(name);
  };
  const failed = failures.filter((name) => entries.some((entry) => entry[name] !== undefined));
  return {
    sent: sum('sent'),
    delivered: told(names.delivered),
    opened: told(names.opened),
    clicked: told(names.clicked),
    left: told(names.left),
    failed: failed.length === 0 ? null : failed.reduce((sofar, name) => sofar + sum(name), 0),
    machineOpens: sum('machine_opens'),
    machineClicks: sum('machine_clicks'),
  };
}

/** The numbers of one day, of all variations. null: nobody tells. */
export interface DayNumbers {
  time: string;
  people: number;
  sent: number;
  opened: number | null;
  clicked: number | null;
  machineOpens: number;
  machineClicks: number;
}

export function numbersOf({ time, messages, unique_recipients }: Day): DayNumbers {
  const entries = Object.values(messages).flat();
  const sum = (name: string) => entries.reduce((sofar, entry) => sofar + Number(entry[name] ?? 0), 0);
  const told = (some: readonly string[]) => {
    const found = entries.flatMap(
      (entry) => some.map((name) => entry[name]).find((value) => value !== undefined) ?? [],
    );
    return found.length === 0 ? null : found.reduce<number>((sofar, value) => sofar + Number(value), 0);
  };
  return {
    ...{ time, people: unique_recipients, sent: sum('sent') },
    ...{ opened: told(names.opened), clicked: told(names.clicked) },
    ...{ machineOpens: sum('machine_opens'), machineClicks: sum('machine_clicks') },
  };
}

/** A part of what arrived, or of what was sent where nobody tells of arrivals. */
export function rateOf(part: number | null, { delivered, sent }: VariationTotals): string {
  const whole = delivered ?? sent;
  return part === null || whole === 0 ? '' : share(part, whole);
}
