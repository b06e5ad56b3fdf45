import { open } from 'node:fs/promises';

const SHORTEST_SECRET = 4;

/** The report file: one JSON object a line, readable for its owner only. */
export interface Report {
  /** Appends a line without `secrets`. Never throws; what cannot be written is counted. */
  write(line: object, secrets: readonly string[]): Promise<void>;
  /** Lines that could not be written. */
  unwritten(): number;
  close(): Promise<void>;
}

/** Appends to the file at `path`. `onTrouble` is told of the first line that cannot be written. */
export async function openReport(path: string, onTrouble: (error: Error) => void): Promise<Report> {
  const file = await open(path, 'a', 0o600);
  let unwritten = 0;
  return {
    async write(line, secrets) {
      try {
        await file.appendFile(`${masked(JSON.stringify(line), secrets)}\n`);
      } catch (error) {
        if (unwritten === 0) onTrouble(error as Error);
        unwritten += 1;
      }
    },
    unwritten: () => unwritten,
    close: () => file.close(),
  };
}

/** An answer may repeat the caller's key, so each secret is looked for in the whole line. */
function masked(line: string, secrets: readonly string[]): string {
  const written = secrets.filter((one) => one.length >= SHORTEST_SECRET).map((one) => JSON.stringify(one).slice(1, -1));
  // The longest first: one secret may be a part of another.
  return written.sort((a, b) => b.length - a.length).reduce((text, one) => text.replaceAll(one, '***'), line);
}
