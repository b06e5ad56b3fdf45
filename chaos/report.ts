import { cpus, totalmem } from 'node:os';
import type { ChannelBooks } from './books.ts';
import type { Event } from './events.ts';
import type { Outcome } from './scenario.ts';

/** A run with what is needed to repeat it. */
export interface Report extends Outcome {
  /** `kills, seed 1, both, at_least_once`: tells it from others. */
  name: string;
  /** What was typed after `npm run`. */
  command: string;
  /** YYYY-MM-DD */
  date: string;
  /** Git's short name; followed by + when files differed from it. */
  commit: string;
}

/** As Markdown, which reads well at a terminal too. */
export function reportText({
  name,
  command,
  date,
  commit,
  events,
  notes,
  channels,
  duplicates,
  problems,
}: Report): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.version}`;
  return [
    `## ${name}`,
    `\`npm run ${command}\`, ${date}, commit ${commit}: ${machine}.`,
    eventTable(events),
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join('\n')] : []),
    booksTable(channels),
    duplicates.map(duplicatesLine).join('\n'),
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
    return `| ${[channel, ...cells, other.join(', ') || '0', number(reached), number(lost), number(duplicates)].join(' | ')} |`;
  });
  return [
    '| channel | people | rows | sent | unknown | skipped | cancelled | others | reached at the provider | lost | duplicates |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function duplicatesLine({ channels, count, most }: Report['duplicates'][number]): string {
  return `- duplicates of ${channels.join(' and ')}: ${number(count)}; explained by what was in hand: at most ${number(most)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

const head = `# Chaos

What \`npm run chaos\` has seen, written by itself (\`--save\`). A section is rewritten when the same run is saved again. What the tables mean, and what is
promised: [trust.md](trust.md).
`;

/** The page with this report in the place of the older one of its name; in the order of their names. */
export function pageWith(page: string, report: Report): string {
  const others = page
    .split(/^(?=## )/m)
    .slice(1)
    .map((text) => text.trim())
    .filter((text) => !text.startsWith(`## ${report.name}\n`));
  return `${[head.trim(), ...[...others, reportText(report)].sort()].join('\n\n')}\n`;
}
