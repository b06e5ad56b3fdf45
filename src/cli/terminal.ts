/** What a command may use of the process around it. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  /** A line of the answer. */
  print(text: string): void;
  /** A line beside the answer: errors, hints. */
  printError(text: string): void;
  /** Replaces the line beside the answer that was drawn last; the empty text clears it. Only where a person looks on. */
  redraw?(line: string): void;
}

/** Ends a command that has said what there is to say; not thrown for errors. */
export class CommandEnd extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** The answer of a command: for programs as JSON, else for people. */
export function answer(terminal: Terminal, json: boolean | undefined, value: object, text: string): void {
  terminal.print(json ? JSON.stringify(value, null, 2) : text);
}

/** Columns as wide as their widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [header, ...rows].map(line).join('\n');
}
