import type { SendStatus } from '../src/dispatch/plan/states.ts';

export type Delivery = 'at_least_once' | 'at_most_once';

/** One message that should be sent: to one person by one channel. */
export interface Entry {
  channel: string;
  person: string;
  /** The token or address that it goes to. null: this channel cannot reach the person. */
  target: string | null;
}

/** One row of the ledger. */
export interface LedgerRow {
  channel: string;
  person: string;
  status: SendStatus;
  /** Whether the server knows that it arrived. */
  isTold: boolean;
}

export interface Books {
  delivery: Delivery;
  /** The messages that should be sent, one for each person and channel. */
  audience: readonly Entry[];
  rows: readonly LedgerRow[];
  /** Number of messages that the providers accepted, by target. */
  received: ReadonlyMap<string, number>;
  /** The counts in the server's answer: channel → status or reason → number. */
  reported: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Most duplicates that the faults explain: as many messages as were in hand. */
  explained: readonly Allowance[];
  /** Work that should be gone by now. */
  left: { tasks: number; leases: number; openDispatches: number };
  /** The broadcast was cancelled in the middle, so some sends are `cancelled` and must not have been accepted. */
  isCancelled: boolean;
}

/** Most duplicates that these channels together may have. */
export interface Allowance {
  channels: readonly string[];
  most: number;
}

/** The totals of one channel. */
export interface ChannelBooks {
  channel: string;
  audience: number;
  rows: number;
  /** Number of ledger rows by status. */
  statuses: Readonly<Partial<Record<SendStatus, number>>>;
  /** Number of targets that have a message. */
  reached: number;
  /** Number of targets without a message whose send is neither `unknown` nor `cancelled`. */
  lost: number;
  /** Number of messages beyond the first of each target. */
  duplicates: number;
}

export interface Finding {
  channels: readonly ChannelBooks[];
  /** The duplicates of each allowance, and the most that it explains. */
  duplicates: readonly { channels: readonly string[]; count: number; most: number }[];
  /** One line for each kind of problem, with a count and a few names. Empty: the books balance. */
  problems: readonly string[];
}

/** Compares the ledger with what the providers received and what the server reports. Pure. */
export function checkBooks(books: Books): Finding {
  const channels = [...new Set([...books.audience, ...books.rows].map(({ channel }) => channel))];
  const checked = channels.map((channel) => checkChannel(channel, books));
  const sums = checked.map(({ sum }) => sum);
  const duplicates = countDuplicates(sums, books);
  const unexplained = duplicates
    .filter(({ count, most }) => count > most)
    .map((one) => `${one.channels.join(', ')}: ${one.count} duplicates, of which at most ${one.most} are explained`);
  const byChannel = checked.flatMap(({ problems }) => problems);
  return {
    channels: sums,
    duplicates,
    problems: [...byChannel, ...unexplained, ...strangers(books), ...leftOvers(books)],
  };
}

/** With at_most_once nothing explains a duplicate. Channels without an allowance may have none either. */
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
    if (row !== undefined) checkVerdict(entry, row, times, books, problems);
    if (row !== undefined && telling.has(channel) && row.isTold !== times > 0)
      problems.add(
        row.isTold ? 'count as delivered, but the provider has no message' : 'were told of in vain',
        entry.person,
      );
  }
  for (const person of rowsOf.keys()) problems.add('have a row and are not in the audience', person);
  compareReported(books.reported[channel] ?? {}, statuses, problems);
  return { sum: { channel, ...sum }, problems: problems.all() };
}

function isLost({ target }: Entry, row: LedgerRow | undefined, times: number): boolean {
  if (target === null || times > 0) return false;
  return row?.status !== 'unknown' && row?.status !== 'cancelled';
}

/** Channels whose messages are in doubt after a lost answer, and are not repeated even with at_least_once. */
const neverRepeated: ReadonlySet<string> = new Set(['sms', 'whats_app']);
/** Channels whose providers tell of every message that it arrived. */
const telling = neverRepeated;

/** Compares a send's status with what the provider received. */
function checkVerdict(entry: Entry, { status }: LedgerRow, times: number, books: Books, problems: Problems): void {
  const { person, target } = entry;
  if (target === null) {
    if (status !== 'skipped' && !(status === 'cancelled' && books.isCancelled))
      problems.add(`have no target and are ${status}`, person);
  } else if (status === 'sent') {
    if (times === 0) problems.add('are sent, but the provider has no message', person);
  } else if (status === 'unknown') {
    if (books.delivery === 'at_least_once' && !neverRepeated.has(entry.channel))
      problems.add('are unknown, though they may be retried', person);
  } else if (status === 'cancelled' && books.isCancelled) {
    if (times > 0) problems.add('are cancelled and have it', person);
  } else problems.add(`are ${status}`, person);
}

/** The server reports other sends by reason, so only these statuses can be compared one by one; the sum always can. */
const REPORTED_STATUSES = ['sent', 'cancelled', 'unknown', 'pending', 'sending'] as const;

function compareReported(
  reported: Readonly<Record<string, number>>,
  statuses: Readonly<Partial<Record<SendStatus, number>>>,
  problems: Problems,
): void {
  const rows = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  if (reported.recipients !== rows)
    problems.say(`the server reports ${reported.recipients ?? 0} recipients, rows: ${rows}`);
  for (const status of REPORTED_STATUSES) {
    const [said = 0, counted = 0] = [reported[status], statuses[status]];
    if (said !== counted) problems.say(`the server reports ${said} ${status}, rows: ${counted}`);
  }
}

function strangers({ audience, received }: Books): string[] {
  const targets = new Set(audience.map(({ target }) => target));
  const problems = new Problems('providers');
  for (const target of received.keys())
    if (!targets.has(target)) problems.add('got a message and belong to nobody', target);
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

/** Groups problems of the same kind into one line with their number and a few names. */
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
