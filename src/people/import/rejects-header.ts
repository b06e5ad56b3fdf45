import { isObject, own } from '../../lib/raw/json.ts';
import { readFile, unpack } from './source.ts';

/** The first line of a rejects file names the options of the import that wrote it, as on a command line. */
const member = 'cresset_import';

const maxHeaderBytes = 64 * 1024;

export function rejectsHeader(options: readonly string[]): string {
  return JSON.stringify({ [member]: options });
}

/** The options in such a line. null: the value is no such line. */
export function optionsInHeader(value: unknown): string[] | null {
  if (!isObject(value) || Object.keys(value).length !== 1) return null;
  const options = own(value, member);
  return Array.isArray(options) && options.every((option) => typeof option === 'string') ? options : null;
}

/** What the first line of a file says. `hasCells`: it is a row of a CSV file that was rejected, and names no options. */
export interface FirstLine {
  options: string[] | null;
  hasCells: boolean;
}

/** Reads the first line of an NDJSON file. Throws ImportFileError when the file cannot be read. */
export async function readFirstLine(path: string): Promise<FirstLine> {
  let text = Buffer.alloc(0);
  for await (const chunk of unpack(readFile(path))) {
    text = Buffer.concat([text, chunk.subarray(0, maxHeaderBytes)]);
    if (text.includes(0x0a) || text.length >= maxHeaderBytes) break;
  }
  const value = parsed(
    text
      .toString()
      .replace(/^\ufeff/, '')
      .split('\n', 1)[0] ?? '',
  );
  return { options: optionsInHeader(value), hasCells: isRejectedRow(value) };
}

/** Whether the value is a line of a rejects file that holds the cells of a row. */
export function isRejectedRow(value: unknown): boolean {
  return isRejectedLine(value) && Object.hasOwn(Object(value), 'cells');
}

/** Whether the value is a line of a rejects file: a line, a reason, the record or the cells, and perhaps `later`. */
export function isRejectedLine(value: unknown): value is Record<string, unknown> {
  return (
    isObject(value) &&
    typeof own(value, 'reason') === 'string' &&
    typeof own(value, 'line') === 'number' &&
    Object.keys(value).length === (Object.hasOwn(value, 'later') ? 4 : 3)
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
