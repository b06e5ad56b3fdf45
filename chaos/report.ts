import { cpus, totalmem } from 'node:os';
import type { ChannelBooks, Delivery } from './books.ts';
import type { Event } from './events.ts';
import type { Channels } from './plan.ts';
import type { Outcome } from './scenario.ts';

/** A run with everything that is needed to repeat it. */
export interface Report extends Outcome {
  scenario: string;
  seed: number;
  delivery: Delivery;
  channel: Channels;
  people: number;
  /** Number of kills in the plan. */
  kills: number;
  /** What was typed after `npm run`. */
  command: string;
  /** YYYY-MM-DD */
  date: string;
  /** Git's short name of the commit, with a + if files differed from it. */
  commit: string;
  /** Processors and memory. */
  machine: string;
}

export function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}

/** The whole report as Markdown, which is also readable on a terminal. */
export function reportText(report: Report): string {
  const { scenario, seed, channel, delivery, command, date, commit, problems } = report;
  return [
    `## ${scenario}, seed ${seed}, ${channel}, ${delivery}`,
    `\`npm run ${command}\`, ${date}, commit ${commit}: ${report.machine}, Node.js ${process.version}.`,
    eventTable(report.events),
    ...(report.notes.length > 0 ? [report.notes.map((note) => `- ${note}`).join('\n')] : []),
    booksTable(report.channels),
    report.duplicates.map(duplicatesLine).join('\n'),
    problems.length === 0
      ? '**The books balance.**'
      : `**The books do not balance:**\n\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
  ].join('\n\n');
}

export function eventLine({ atMs, reached, planned, what }: Event): string {
  return `${(atMs / 1_000).toFixed(1).padStart(6)} s  ${String(reached).padStart(7)} reached (planned ${percent(planned)})  ${what}`;
}

function eventTable(events: readonly Event[]): string {
  const rows = events.map(
    ({ atMs, reached, planned, what }) =>
      `| ${(atMs / 1_000).toFixed(1)} s | ${percent(planned)} | ${number(reached)} | ${what} |`,
  );
  return ['| when | planned at | reached | what |', '|---|---|---|---|', ...rows].join('\n');
}

function booksTable(channels: readonly ChannelBooks[]): string {
  const rows = channels.map(({ channel, audience, rows, statuses, reached, lost, duplicates }) => {
    const { sent = 0, unknown = 0, skipped = 0, cancelled = 0, ...others } = statuses;
    const other = Object.entries(others).map(([status, count]) => `${count} ${status}`);
    const cells = [audience, rows, sent, unknown, skipped, cancelled].map(number);
    return row([channel, ...cells, other.join(', ') || '0', number(reached), number(lost), number(duplicates)]);
  });
  return [
    '| channel | people | rows | sent | unknown | skipped | cancelled | others | reached at the provider | lost | duplicates |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function duplicatesLine({ channels, count, most }: Report['duplicates'][number]): string {
  return `- duplicates of ${channels.join(' and ')}: ${number(count)}; explained by messages in hand: at most ${number(most)}`;
}

/** One row of the table of runs in docs/chaos.md. The first six cells say which run it is. */
export function runRow(report: Report): string {
  const { scenario, seed, delivery, channel, people, kills, channels, duplicates, problems } = report;
  const total = (countOf: (books: ChannelBooks) => number) =>
    number(channels.reduce((sum, books) => sum + countOf(books), 0));
  return row([
    ...[scenario, String(seed), delivery, channel, number(people), number(kills)],
    total(({ lost }) => lost),
    ...[perGroup(duplicates, ({ count }) => count), perGroup(duplicates, ({ most }) => most)],
    total(({ statuses }) => statuses.unknown ?? 0),
    problems.length === 0 ? 'balance' : `**do not balance**: ${problems.join('; ').replaceAll('|', '\\|')}`,
    `${report.date}, ${report.commit}, ${report.machine}`,
  ]);
}

/** `1,936 push, 205 email`. */
function perGroup(duplicates: Report['duplicates'], numberOf: (group: Report['duplicates'][number]) => number): string {
  return duplicates.map((group) => `${number(numberOf(group))} ${groupName(group.channels)}`).join(', ') || '0';
}

function groupName(channels: readonly string[]): string {
  return channels.every((channel) => channel.endsWith('_push')) ? 'push' : channels.join(' and ');
}

const IDENTITY_CELLS = 6;
const tableHead = [
  '| scenario | seed | mode | channel | people | kills | lost | doubled | window | unknown | books | date, commit, machine |',
  '|---|---|---|---|---|---|---|---|---|---|---|---|',
].join('\n');

/**
 * Puts a run into the page's table: in the place of the same run's older row, or in order among the others. The rest of the
 * page stays as it is. A page without the table gets it at its end.
 */
export function pageWith(page: string, report: Report): string {
  const at = page.indexOf(tableHead);
  if (at === -1)
    return `${[page.trim(), `${tableHead}\n${runRow(report)}`].filter((part) => part !== '').join('\n\n')}\n`;
  const start = at + tableHead.length + 1;
  const rows = /^(?:\|.*\n)*/.exec(page.slice(start))?.[0] ?? '';
  const others = rows.split('\n').filter((line) => line !== '' && identityOf(line) !== identityOf(runRow(report)));
  const sorted = [...others, runRow(report)].sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  return `${page.slice(0, start)}${sorted.join('\n')}\n${page.slice(start + rows.length)}`;
}

/** The cells that say which run a row is about. */
function identityOf(line: string): string {
  return line.split(' | ').slice(0, IDENTITY_CELLS).join(' | ');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
