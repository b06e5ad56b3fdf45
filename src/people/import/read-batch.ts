import { isObject } from '../../lib/raw/json.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { futureIn } from '../profile/profile-fields.ts';
import { remarksOfRefusal, sentenceOf } from '../remarks.ts';
import { readEvent, readPurchase } from '../track/activities.ts';
import { readAttributes } from '../track/attributes.ts';
import type { TrackRequest } from '../track/request.ts';
import type { Batch } from './batches.ts';
import type { Entry, Reading, RecordKind } from './entry.ts';

export interface ReadOptions {
  workspace: WorkspaceCatalog;
  records: RecordKind;
  /** Whether a record is applied without the cells that cannot be read. Otherwise it is rejected. */
  skipBadCells: boolean;
  now: Date;
}

/** The records of a batch. An `index` is the record's position in it. */
export interface ReadBatch {
  request: TrackRequest;
  /** The records that are not applied, with all their problems. */
  refused: readonly { index: number; reasons: readonly string[] }[];
  /** What is left out of records that are applied. */
  left: readonly { index: number; type: string }[];
  /** The records as they were read, whatever is wrong in them. null: nothing could be read. */
  objects: readonly unknown[];
}

/** Reads the records of a batch, and lists all problems of each. */
export function readBatch({ entries }: Batch, options: ReadOptions): ReadBatch {
  const request: TrackRequest = { attributes: [], activities: [], problems: [], source: { door: 'import' } };
  const refused: { index: number; reasons: readonly string[] }[] = [];
  const left: { index: number; type: string }[] = [];
  const objects = entries.map((entry, index) => {
    const read = readEntry(entry, index, options, request);
    if (read.refusal.length > 0) refused.push({ index, reasons: read.refusal });
    for (const type of read.left) left.push({ index, type });
    return read.object;
  });
  return { request, refused, left, objects };
}

interface ReadEntry {
  /** Why the record is not applied. Empty: it is, and was added to the request. */
  refusal: readonly string[];
  left: readonly string[];
}

interface ReadObject extends ReadEntry {
  object: unknown;
}

function readEntry(entry: Entry, index: number, options: ReadOptions, request: TrackRequest): ReadObject {
  let object: unknown = null;
  const reading = () => {
    const read = entry.read();
    object = read.object;
    return read;
  };
  const { refusal, left } = applying(reading, index, options, request);
  return { refusal, left, object };
}

function applying(read: () => Reading, index: number, options: ReadOptions, request: TrackRequest): ReadEntry {
  let problems: readonly string[] = [];
  let hinted = (problem: string) => problem;
  try {
    const reading = read();
    problems = reading.problems;
    hinted = (problem) => problem + (reading.hintFor?.(fieldOf(problem)) ?? '');
    if (!isObject(reading.object)) throw new ObjectProblem('expected an object');
    if (options.records !== 'attributes') {
      const object = (options.records === 'events' ? readEvent : readPurchase)(reading.object, options.now);
      if (isRefused(reading, options)) return refusing(withBadName(reading, options));
      request.activities.push({ array: options.records, index, object });
      return { refusal: [], left: problems };
    }
    const { left: leftBefore = [], history } = reading;
    const object = readAttributes(reading.object, options.workspace);
    if (history !== undefined) object.history = history;
    // Unlike /users/track, an import keeps what is stored: one file may hold many thousands of such values.
    for (const { field } of object.ignored) delete object.profile.columns[field];
    const future = futureIn(object.profile, options.now);
    if (future !== null) delete object.profile.columns.dob;
    const left = [
      ...withBadName(reading, options),
      ...leftBefore,
      ...object.remarks.map(sentenceOf).map(hinted),
      ...object.ignored.map(({ problem }) => problem),
      ...(future === null ? [] : [future]),
    ];
    if (isRefused(reading, options)) return refusing(left);
    request.attributes.push({ index, object });
    return { refusal: [], left };
  } catch (error) {
    if (error instanceof ObjectProblem) {
      return refusing(remarksOfRefusal(error).map(sentenceOf).map(hinted).reduce(withProblem, problems));
    }
    throw error;
  }
}

function isRefused({ problems, badName }: Reading, { skipBadCells }: ReadOptions): boolean {
  return problems.length > 0 && (!skipBadCells || badName !== null);
}

/** The problems, and why the record is refused although bad cells are skipped. */
function withBadName({ problems, badName }: Reading, { skipBadCells }: ReadOptions): readonly string[] {
  return badName === null || !skipBadCells
    ? problems
    : [...problems, `${badName}: names the person, so the row is not applied without it`];
}

/** A member that is missing because its cell could not be read is named once. */
function withProblem(problems: readonly string[], text: string): readonly string[] {
  return problems.some((problem) => problem.startsWith(`${fieldOf(text)}:`)) ? problems : [...problems, text];
}

/** The member that a problem names at its beginning. */
function fieldOf(problem: string): string {
  return problem.split(':', 1)[0] ?? '';
}

function refusing(problems: readonly string[]): ReadEntry {
  return { refusal: problems, left: [] };
}
