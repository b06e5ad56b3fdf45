import { shown } from '../lib/raw/json.ts';
import type { Doubts } from '../people/import/doubts.ts';
import type { LeftOut } from '../people/import/from/left-out.ts';
import type { ImportTotals } from '../people/import/import.ts';
import type { LaterLines } from '../people/import/later-lines.ts';
import type { InDoubt } from '../people/import/numbers.ts';
import type { Reject } from '../people/import/progress.ts';
import { reasonOf } from '../people/import/rejects-file.ts';
import type { Terminal } from './terminal.ts';

interface ReportOptions {
  /** null: standard input. */
  path: string | null;
  /** null: rejected records are not kept. */
  rejectsPath: string | null;
  /** Size of the file on disk, in bytes. null: unknown. */
  sizeBytes: number | null;
  dryRun: boolean;
  json: boolean;
}

const plainEveryMs = 10_000;
const drawnEveryMs = 200;
/** Rejected lines to print. */
const maxShown = 10;
/** Reasons to count one by one. */
const maxReasons = 100;
const barWidth = 30;

/** Reports the progress of an import: a bar on a terminal, an occasional line elsewhere, or JSON events for programs. */
export class ImportReport {
  readonly #terminal: Terminal;
  readonly #options: ReportOptions;
  readonly #startMs = performance.now();
  /** When progress was last reported. The bar appears with the first batch; a log gets its first line after a while. */
  #reportedMs: number;
  #bytes = 0;
  #shown = 0;
  readonly #reasons = new Map<string, number>();

  constructor(terminal: Terminal, options: ReportOptions) {
    this.#terminal = terminal;
    this.#options = options;
    this.#reportedMs = this.#isDrawn ? Number.NEGATIVE_INFINITY : this.#startMs;
  }

  /** Says whose export the file is. `name`: as in `--from`. */
  source(name: string, title: string): void {
    if (this.#options.json) this.#event('source', { from: name });
    else this.#say(`Read as an export of ${title} (--from ${name})`);
  }

  read(bytes: number): void {
    this.#bytes += bytes;
  }

  reject(reject: Reject): void {
    for (const reason of reject.reasons) this.#count(reason);
    const { line } = reject;
    const reason = reasonOf(reject);
    if (this.#options.json) {
      this.#event('rejected', { line, reason });
    } else if (this.#shown < maxShown) {
      this.#shown += 1;
      this.#say(`line ${line}: ${reason}${this.#shown === maxShown ? '\n… further lines are not shown' : ''}`);
    }
  }

  #count(reason: string): void {
    const known = this.#reasons.has(reason) || this.#reasons.size < maxReasons ? reason : 'other reasons';
    this.#reasons.set(known, (this.#reasons.get(known) ?? 0) + 1);
  }

  progress(totals: ImportTotals): void {
    const isDrawn = this.#isDrawn;
    const now = performance.now();
    if (now - this.#reportedMs < (isDrawn ? drawnEveryMs : plainEveryMs)) return;
    this.#reportedMs = now;
    if (this.#options.json) this.#event('progress', { ...totals, share: this.#share() });
    else if (isDrawn) this.#terminal.redraw?.(this.#bar(totals));
    else this.#terminal.printError(this.#line(totals));
  }

  /** `leftOut`: what an export has and Cresset has no place for. null: the file is no export. */
  end(
    totals: ImportTotals & { end: 'finished' | 'stopped' },
    { doubts, leftOut, later }: { doubts: Doubts; leftOut: LeftOut | null; later: LaterLines },
  ): void {
    const [numbers, fixedLines] = [doubts.numbers.inDoubt(), doubts.fixedLines()];
    const left = [...(leftOut?.counts() ?? [])];
    const seconds = (performance.now() - this.#startMs) / 1_000;
    const { rejectsPath, dryRun, json } = this.#options;
    const kept = totals.rejected > 0 ? rejectsPath : null;
    if (json) {
      const reasons = Object.fromEntries(this.#reasons);
      const { end, ...counts } = totals;
      const more = {
        ...(left.length > 0 && { left_out: Object.fromEntries(left) }),
        ...(Object.keys(numbers).length > 0 && { ambiguous_numbers: numbers }),
        ...(Object.keys(fixedLines).length > 0 && { fixed_lines: fixedLines }),
        ...(later.found.size > 0 && { later_lines: whereLater(later) }),
        ...(later.unwatched > 0 && { unwatched: later.unwatched }),
      };
      this.#event(end, { ...counts, ...more, seconds: round(seconds), dry_run: dryRun, rejects_file: kept, reasons });
      return;
    }
    this.#terminal.redraw?.('');
    const earlier = totals.resumed > 0 ? `; earlier runs did ${grouped(totals.resumed)} of the records` : '';
    const lines = [
      `${countsOf(totals, dryRun)} in ${round(seconds)} s${earlier}`,
      ...[...this.#reasons]
        .sort(([, one], [, other]) => other - one)
        .map(([why, count]) => `  ${grouped(count)} × ${why}`),
      ...Object.entries(numbers).map(([column, which]) => `  ${doubtfulNumber(column, which)}`),
      ...Object.entries(fixedLines).map(([column, which]) => `  ${fixedLine(column, which)}`),
      ...left.map(([what, count]) => `  ${grouped(count)} × ${what}: left out, because there is no place for it`),
      ...laterLines(later),
      ...(kept === null ? [] : [`Rejected records are kept in ${kept}`]),
      ...(totals.end === 'stopped' ? ['Interrupted. The same command continues from here.'] : []),
      ...(dryRun ? ['This was a dry run: nothing was applied.'] : []),
    ];
    this.#terminal.print(lines.join('\n'));
  }

  failed(): void {
    this.#terminal.redraw?.('');
  }

  alreadyDone({ at, records, rejected }: { at: Date; records: number; rejected: number }): void {
    if (this.#options.json) this.#event('already_imported', { at, records, rejected });
    else
      this.#terminal.print(
        `This file was imported already, at ${at.toISOString()}: ${grouped(records)} records, ${grouped(rejected)} of them rejected or applied in part. To apply it again, use --restart`,
      );
  }

  get #isDrawn(): boolean {
    return !this.#options.json && this.#terminal.redraw !== undefined;
  }

  #say(text: string): void {
    this.#terminal.redraw?.('');
    this.#terminal.printError(text);
  }

  #event(event: string, members: object): void {
    this.#terminal.print(JSON.stringify({ event, ...members }));
  }

  /** Share of the file that has been read, from 0 to 1. null: its size is unknown. */
  #share(): number | null {
    const { sizeBytes } = this.#options;
    return sizeBytes === null || sizeBytes === 0 ? null : round(Math.min(this.#bytes / sizeBytes, 1), 3);
  }

  #bar(totals: ImportTotals): string {
    const share = this.#share();
    if (share === null) return this.#line(totals);
    const filled = Math.round(share * barWidth);
    return `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${this.#line(totals)}`;
  }

  #line(totals: ImportTotals): string {
    const seconds = (performance.now() - this.#startMs) / 1_000;
    const share = this.#share();
    const rate = (totals.records - totals.resumed) / seconds;
    const rest = share === null || share === 0 ? null : Math.round((seconds / share) * (1 - share));
    return [
      ...(share === null ? [] : [`${Math.floor(share * 100)} %`]),
      `${grouped(totals.records)} records`,
      `${grouped(totals.rejected)} rejected`,
      `${grouped(Math.round(rate))}/s`,
      ...(rest === null ? [] : [`about ${rest} s left`]),
    ].join(', ');
  }
}

function doubtfulNumber(column: string, which: InDoubt): string {
  const what = `${grouped(which.count)} × ${shown(column)}: a number that may be meant otherwise, such as 1,234 or 1.234`;
  return `${what} (${whereOf(which)}); if so, choose --thousands-comma or --decimal-comma, and apply the file again with --restart`;
}

function fixedLine(column: string, which: InDoubt): string {
  const what = `${grouped(which.count)} × ${shown(column)}: read as a fixed line of the country of --phone-country`;
  return `${what} (${whereOf(which)}); if it is a number of another country, write it with + and country code`;
}

/** Most lines that the report names. */
const MOST_LINES = 5;

function whereLater({ found }: LaterLines): InDoubt {
  return { count: found.size, lines: [...found.keys()].sort((one, other) => one - other).slice(0, MOST_LINES) };
}

function laterLines(later: LaterLines): string[] {
  const { found, unwatched } = later;
  const where = whereOf(whereLater(later));
  const mended = 'mended, it does not set again what that line set';
  return [
    ...(found.size === 0
      ? []
      : [`  ${grouped(found.size)} × the person of a rejected line came again in a later one (${where}); ${mended}`]),
    ...(unwatched === 0
      ? []
      : [
          `  ${grouped(unwatched)} × nobody knows whether the person of a rejected line came again, because there are too many; mended, they may set older values`,
        ]),
  ];
}

function whereOf({ count, lines }: InDoubt): string {
  return `${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}${count > lines.length ? ' …' : ''}`;
}

function countsOf({ records, rejected, partial }: ImportTotals, dryRun: boolean): string {
  const verb = dryRun ? 'would be applied' : 'applied';
  const inPart = partial > 0 ? `, ${grouped(partial)} ${verb} in part` : '';
  return `${grouped(records)} ${records === 1 ? 'record' : 'records'} read, ${grouped(records - rejected)} ${verb}${inPart}, ${grouped(rejected - partial)} rejected`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
