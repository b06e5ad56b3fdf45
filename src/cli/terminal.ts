/** The parts of the process that a command may use. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  /** Prints a line of the command's result. */
  print(text: string): void;
  /** Prints a line that is not part of the result: an error or a hint. */
  printError(text: string): void;
  /** Replaces the line that was drawn last; an empty text clears it. Present only on an interactive terminal. */
  redraw?(line: string): void;
  /** Aborted when nobody reads the output any more, as after `| head`. Absent: somebody does. */
  unread?: AbortSignal;
}

/** Ends a command that has printed everything, with an exit code. It is not an error. */
export class CommandEnd extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Prints a command's result: as JSON for programs, or as text for people. */
export function answer(terminal: Terminal, json: boolean | undefined, value: object, text: string): void {
  terminal.print(json ? JSON.stringify(value, null, 2) : text);
}

/** Formats a table whose columns are as wide as their widest cells. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [header, ...rows].map(line).join('\n');
}
