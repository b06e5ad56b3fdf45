import { isObject, type RawObject } from '../../../lib/raw/json.ts';
import { isDeeperThan } from '../../../lib/raw/json-depth.ts';
import { findJsonError } from '../../../lib/raw/json-error.ts';
import type { Problems } from '../../../lib/raw/problems.ts';
import { findUtf8Error } from '../../../lib/raw/utf8.ts';
import type { TextLine } from '../../../lib/text-lines.ts';
import type { ListedRecipient } from '../../ledger/lists/chunks.ts';
import { allIdentifiers, type RecipientForm, readRecipient } from '../triggers/recipients.ts';

/** Most bytes of a line but the first. The properties of all people of a chunk are in memory at once. */
export const MOST_LINE_BYTES = 16_384;
/** Most bytes of the first line, which holds the messages. */
export const MOST_HEAD_BYTES = 4 * 1_048_576;
const MOST_LEVELS = 40;

const form: RecipientForm = { identifiers: allIdentifiers, properties: ['trigger_properties'] };

/** The JSON object of a line. null: there is none, and the problem is filed under `line 7`. */
export function readObject({ bytes, number }: TextLine, mostBytes: number, problems: Problems): RawObject | null {
  const refuse = (problem: string) => {
    problems.add('shape', `line ${number}`, problem);
    return null;
  };
  if (bytes === null || bytes.length > mostBytes) return refuse(`expected at most ${mostBytes} bytes, got more`);
  const broken = findUtf8Error(bytes);
  if (broken !== null) return refuse(`expected UTF-8, got something else at byte ${broken + 1}`);
  const text = bytes.toString();
  if (isDeeperThan(MOST_LEVELS, text)) return refuse(`expected at most ${MOST_LEVELS} levels of nesting`);
  const value = parsed(text);
  if (isObject(value)) return value;
  const at = value === undefined ? ` at column ${findJsonError(text)?.column ?? 1}` : '';
  return refuse(
    `expected a JSON object, got ${value === undefined ? `something that is not JSON${at}` : 'another value'}`,
  );
}

/** undefined: it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads the person of a line. null: there is none, and the problems are filed under `line 7` and its members. */
export function readListed(line: TextLine, problems: Problems): ListedRecipient | null {
  const raw = readObject(line, MOST_LINE_BYTES, problems);
  if (raw === null) return null;
  const read = readRecipient(raw, `line ${line.number}`, form, problems);
  if (read === null) return null;
  if (read.attributes !== null) {
    problems.add('type', `line ${line.number}.attributes`, 'not in a list; store them with /users/track before');
    return null;
  }
  return { line: line.number, name: read.name, properties: read.properties };
}
