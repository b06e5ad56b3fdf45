import type { SendStatus } from '../src/dispatch/plan/states.ts';

export type Delivery = 'at_least_once' | 'at_most_once';

/** What is known of one message to one person by one channel, and what its provider says to have taken over. */
export interface Entry {
  channel: string;
  person: string;
  /** Where it goes: a token, an address; null when the person has nothing that this channel reaches. */
  target: string | null;
}

/** One row of the ledger. */
export interface LedgerRow {
  channel: string;
  person: string;
  status: SendStatus;
}

export interface Books {
  delivery: Delivery;
  /** Whom it should go to, each once by each channel. */
  audience: readonly Entry[];
  rows: readonly LedgerRow[];
  /** How often each provider took a message over for a target. */
  received: ReadonlyMap<string, number>;
  /** What the server answers when it is asked: channel → status or reason → how many. */
  told: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What was in hand when servers were killed, and which channels share it: no more than that is explained. */
  explained: readonly Allowance[];
  /** Work that should be gone. */
  left: { tasks: number; leases: number; openDispatches: number };
  /** It was cancelled in the middle: then some are `cancelled`, and have nothing. */
  isCancelled: boolean;
}

/** Most duplicates of these channels together that what was done to the servers explains. */
export interface Allowance {
  channels: readonly string[];
  most: number;
}

/** The sum of one channel. */
export interface ChannelBooks {
  channel: string;
  audience: number;
  rows: number;
  /** Of the ledger, by status. */
  statuses: Readonly<Partial<Record<SendStatus, number>>>;
  /** Targets that have it. */
  reached: number;
  /** Who has it neither from the provider nor as `unknown` or `cancelled`, though there is a target. */
  lost: number;
  /** Messages beyond the first of a target. */
  duplicates: number;
}

export interface Finding {
  channels: readonly ChannelBooks[];
  /** Per allowance, how much of it was needed. */
  duplicates: readonly { channels: readonly string[]; count: number; most: number }[];
  /** Empty when the books balance. Each names how many and a few of them. */
  problems: readonly string[];
}

/** Compares the ledger with the books of the providers. Pure. */
export function checkBooks(books: Books): Finding {
  const channels = [...new Set([...books.audience, ...books.rows].map(({ channel }) => channel))];
  const checked = channels.map((channel) => checkChannel(channel, books));
  const sums = checked.map(({ sum }) => sum);
  const duplicates = countDuplicates(sums, books);
  const unexplained = duplicates
    .filter(({ count, most }) => count > most)
    .map((one) => `${one.channels.join(', ')}: ${one.count} duplicates, of which at most ${one.most} are explained`);
  const ofChannels = checked.flatMap(({ problems }) => problems);
  return {
    channels: sums,
    duplicates,
    problems: [...ofChannels, ...unexplained, ...strangers(books), ...leftOvers(books)],
  };
}

/** With at_most_once nothing explains a duplicate, nor does anything where no channel has an allowance. */
function countDuplicates(sums: readonly ChannelBooks[], { delivery, explained }: Books): Finding['duplicates'] {
  const allowed = explained.flatMap((one) => one.channels);
  const others = sums.map(({ channel }) => channel).filter((channel) => !allowed.includes(channel));
  const groups = [...explained, ...others.map((channel) => ({ channels: [channel], most: 0 }))];
  return groups.flatMap(({ channels, most }) => {
    const own = sums.filter(({ channel }) => channels.includes(channel));
    if (own.length === 0) return [];
    const count = own.reduce((sum, { duplicates }) => sum + duplicates, 0);
    return [{ channels: own.map(({ channel }) => channel), count, most: delivery === 'at_most_once' ? 0 : most }];
  });
}

function checkChannel(channel: string, books: Books): { sum: ChannelBooks; problems: string[] } {
  const audience = books.audience.filter((entry) => entry.channel === channel);
  const rows = books.rows.filter((row) => row.channel === channel);
  const statuses = countBy(rows, ({ status }) => status);
  const rowsOf = Map.groupBy(rows, ({ person }) => person);
  const problems = new Problems(channel);
  const sum = { audience: audience.length, rows: rows.length, statuses, reached: 0, lost: 0, duplicates: 0 };
  for (const entry of audience) {
    const [row, ...others] = rowsOf.get(entry.person) ?? [];
    rowsOf.delete(entry.person);
    const times = entry.target === null ? 0 : (books.received.get(entry.target) ?? 0);
    if (times > 0) sum.reached += 1;
    sum.duplicates += Math.max(0, times - 1);
    if (row === undefined) problems.add('have no row', entry.person);
    if (others.length > 0) problems.add('have several rows', entry.person);
    if (isLost(entry, row, times)) {
      sum.lost += 1;
      problems.add('are lost', entry.person);
    }
    if (row !== undefined) judge(entry, row, times, books, problems);
  }
  for (const person of rowsOf.keys()) problems.add('have a row and are not in the audience', person);
  compareTold(books.told[channel] ?? {}, statuses, problems);
  return { sum: { channel, ...sum }, problems: problems.all() };
}

function isLost({ target }: Entry, row: LedgerRow | undefined, times: number): boolean {
  if (target === null || times > 0) return false;
  return row?.status !== 'unknown' && row?.status !== 'cancelled';
}

/** What a verdict claims, against what the provider has. */
function judge(entry: Entry, { status }: LedgerRow, times: number, books: Books, problems: Problems): void {
  const { person, target } = entry;
  if (target === null) {
    if (status !== 'skipped' && !(status === 'cancelled' && books.isCancelled))
      problems.add(`have no target and are ${status}`, person);
  } else if (status === 'sent') {
    if (times === 0) problems.add('are sent, of which the provider knows nothing', person);
  } else if (status === 'unknown') {
    if (books.delivery === 'at_least_once') problems.add('are unknown, though they may be tried again', person);
  } else if (status === 'cancelled' && books.isCancelled) {
    if (times > 0) problems.add('are cancelled and have it', person);
  } else problems.add(`are ${status}`, person);
}

/** `told` names what did not go out by its reason, so only these can be compared one by one; the sum always can. */
const TOLD_BY_STATUS = ['sent', 'cancelled', 'unknown', 'pending', 'sending'] as const;

function compareTold(
  told: Readonly<Record<string, number>>,
  statuses: Readonly<Partial<Record<SendStatus, number>>>,
  problems: Problems,
): void {
  const rows = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  if (told.recipients !== rows) problems.say(`the server tells of ${told.recipients ?? 0} recipients, rows: ${rows}`);
  for (const status of TOLD_BY_STATUS) {
    const [said = 0, counted = 0] = [told[status], statuses[status]];
    if (said !== counted) problems.say(`the server tells of ${said} ${status}, rows: ${counted}`);
  }
}

function strangers({ audience, received }: Books): string[] {
  const targets = new Set(audience.map(({ target }) => target));
  const problems = new Problems('providers');
  for (const target of received.keys()) if (!targets.has(target)) problems.add('were sent to and are nobody', target);
  return problems.all();
}

function leftOvers({ left: { tasks, leases, openDispatches } }: Books): string[] {
  return [
    ...(tasks > 0 ? [`${tasks} tasks are left`] : []),
    ...(leases > 0 ? [`${leases} leases are held`] : []),
    ...(openDispatches > 0 ? [`${openDispatches} dispatches are open`] : []),
  ];
}

const SHOWN = 3;

/** Problems of the same kind are one, with how many there are and some of their names. */
class Problems {
  readonly #of: string;
  readonly #said: string[] = [];
  readonly #kinds = new Map<string, string[]>();

  constructor(of: string) {
    this.#of = of;
  }

  add(kind: string, name: string): void {
    const names = this.#kinds.get(kind);
    if (names === undefined) this.#kinds.set(kind, [name]);
    else names.push(name);
  }

  say(problem: string): void {
    this.#said.push(`${this.#of}: ${problem}`);
  }

  all(): string[] {
    const grouped = [...this.#kinds].map(([kind, names]) => {
      const shown = names.slice(0, SHOWN).join(', ');
      return `${this.#of}: ${names.length} ${kind} (${shown}${names.length > SHOWN ? ', …' : ''})`;
    });
    return [...grouped, ...this.#said];
  }
}

function countBy<T, K extends string>(items: readonly T[], keyOf: (item: T) => K): Partial<Record<K, number>> {
  const counts: Partial<Record<K, number>> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}
