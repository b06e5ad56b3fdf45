import type { ImportTotals } from '../people/import/import.ts';
import type { Terminal } from './terminal.ts';

interface ReportOptions {
  /** Null: standard input. */
  path: string | null;
  rejectsPath: string | null;
  /** Of the file as it lies there; null = not known. */
  sizeBytes: number | null;
  dryRun: boolean;
  json: boolean;
}

const plainEveryMs = 10_000;
const drawnEveryMs = 200;
/** Of a file that is bad throughout, as many lines are named and as many reasons counted. */
const maxShown = 10;
const maxReasons = 100;
const barWidth = 30;

/** Tells how an import goes: a bar on a terminal, now and then a line elsewhere, or events for programs. */
export class ImportReport {
  readonly #terminal: Terminal;
  readonly #options: ReportOptions;
  readonly #startMs = performance.now();
  /** A person sees the bar with the first batch; a log hears of it once it has taken a while. */
  #toldMs: number;
  #bytes = 0;
  #shown = 0;
  readonly #reasons = new Map<string, number>();

  constructor(terminal: Terminal, options: ReportOptions) {
    this.#terminal = terminal;
    this.#options = options;
    this.#toldMs = this.#isDrawn ? Number.NEGATIVE_INFINITY : this.#startMs;
  }

  read(bytes: number): void {
    this.#bytes += bytes;
  }

  reject(line: number, reason: string): void {
    const known = this.#reasons.has(reason) || this.#reasons.size < maxReasons ? reason : 'other reasons';
    this.#reasons.set(known, (this.#reasons.get(known) ?? 0) + 1);
    if (this.#options.json) {
      this.#event('rejected', { line, reason });
    } else if (this.#shown < maxShown) {
      this.#shown += 1;
      this.#say(`line ${line}: ${reason}${this.#shown === maxShown ? '\n… further ones are not shown here' : ''}`);
    }
  }

  progress(totals: ImportTotals): void {
    const isDrawn = this.#isDrawn;
    const now = performance.now();
    if (now - this.#toldMs < (isDrawn ? drawnEveryMs : plainEveryMs)) return;
    this.#toldMs = now;
    if (this.#options.json) this.#event('progress', { ...totals, share: this.#share() });
    else if (isDrawn) this.#terminal.redraw?.(this.#bar(totals));
    else this.#terminal.printError(this.#line(totals));
  }

  end(totals: ImportTotals & { end: 'finished' | 'stopped' }): void {
    const seconds = (performance.now() - this.#startMs) / 1_000;
    const { rejectsPath, dryRun, json } = this.#options;
    const kept = totals.rejected > 0 ? rejectsPath : null;
    if (json) {
      const reasons = Object.fromEntries(this.#reasons);
      const { end, ...counts } = totals;
      this.#event(end, { ...counts, seconds: round(seconds), dry_run: dryRun, rejects_file: kept, reasons });
      return;
    }
    this.#terminal.redraw?.('');
    const applied = totals.records - totals.rejected;
    const earlier = totals.resumed > 0 ? `, ${shown(totals.resumed)} of the records by earlier runs` : '';
    const verb = dryRun ? 'would be applied' : 'applied';
    const lines = [
      `${shown(totals.records)} records read, ${shown(applied)} ${verb}, ${shown(totals.rejected)} rejected in ${round(seconds)} s${earlier}`,
      ...[...this.#reasons]
        .sort(([, one], [, other]) => other - one)
        .map(([why, count]) => `  ${shown(count)} × ${why}`),
      ...(kept === null ? [] : [`Rejected records are kept in ${kept}`]),
      ...(totals.end === 'stopped' ? ['Interrupted: the same command goes on from here.'] : []),
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
        `This file was imported already, at ${at.toISOString()}: ${shown(records)} records, ${shown(rejected)} of them rejected. To apply it once more: --restart`,
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

  /** Of the file, from 0 to 1; null when its size is not known. */
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
      `${shown(totals.records)} records`,
      `${shown(totals.rejected)} rejected`,
      `${shown(Math.round(rate))}/s`,
      ...(rest === null ? [] : [`about ${rest} s left`]),
    ].join(', ');
  }
}

function shown(count: number): string {
  return count.toLocaleString('en-US');
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
