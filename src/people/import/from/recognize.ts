import { isObject, own } from '../../../lib/raw/json.ts';
import { ImportFileError } from '../entry.ts';
import { beginningOf, isZip, readFile, unpack } from '../source.ts';
import type { ForeignSystem } from './foreign.ts';
import { isAnswer } from './people-files.ts';
import { unzipped } from './zip.ts';

const lookedAt = 64 * 1024;

/** What the beginning of a file tells. */
export interface Recognized {
  isZip: boolean;
  /** Whose export it is beyond doubt. null: it may be anything. */
  system: ForeignSystem | null;
}

/** Looks at the beginning of a file, unpacked. Throws ImportFileError when the file cannot be read. */
export async function recognize(path: string): Promise<Recognized> {
  const zipped = isZip(await beginningOf(readFile(path), 4));
  try {
    const head = await beginningOf(zipped ? unzipped(path) : unpack(readFile(path)), lookedAt);
    return { isZip: zipped, system: systemOf(head.subarray(0, lookedAt).toString()) };
  } catch (error) {
    if (error instanceof ImportFileError) return { isZip: zipped, system: null }; // The import says so.
    throw error;
  }
}

/** Whose export begins so. null: it may be anybody's. Pure. */
export function systemOf(beginning: string): ForeignSystem | null {
  const text = beginning.replace(/^\uFEFF/, '').trimStart();
  if (text.startsWith('{') || text.startsWith('[')) return systemOfJson(text);
  const [line = ''] = text.split(/\r?\n/, 1);
  const names = new Set(line.split(/[,;\t|]/).map((name) => name.trim().replace(/^"(.*)"$/, '$1')));
  return systemWith((name) => names.has(name));
}

function systemOfJson(text: string): ForeignSystem | null {
  const record = firstRecord(text.split('\n', 1)[0] ?? '');
  if (record !== null) return systemWith((name) => Object.hasOwn(record, name));
  // An answer that is longer than what was looked at, or written on several lines.
  return isAnswer(text) && ['braze_id', 'user_aliases'].every((name) => text.includes(`"${name}"`)) ? 'braze' : null;
}

/** The first person of a line. null: the line is not the whole of a JSON text. */
function firstRecord(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line);
    const list = isObject(value) && Array.isArray(own(value, 'users')) ? own(value, 'users') : value;
    const first: unknown = Array.isArray(list) ? list[0] : list;
    return isObject(first) ? first : {};
  } catch {
    return null;
  }
}

/** Names that occur together in no file of objects of /users/track. */
function systemWith(has: (name: string) => boolean): ForeignSystem | null {
  if (has('braze_id') && has('user_aliases')) return 'braze';
  if (has('ChannelType') && has('Address')) return 'pinpoint';
  return has('identifier') && has('device_type') && has('invalid_identifier') ? 'onesignal' : null;
}
