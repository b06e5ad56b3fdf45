import { isObject, own, type RawObject } from '../../lib/raw/json.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { type Identifier, readIdentifier } from '../profile/identifiers.ts';

/** What a later line of the same file said of the person of a rejected line: a mended record must not undo it. */
export interface Later {
  /** The last line that did. */
  line: number;
  /** The members that such lines had. null: more than are kept, so any may be among them. */
  members: readonly string[] | null;
}

/** Most rejected lines whose people are watched for, so that memory does not grow with the file. */
const MOST_WATCHED = 100_000;
const MOST_MEMBERS = 50;

/** Members that name the person, or say how a record is applied. */
const notValues: ReadonlySet<string> = new Set([
  ...['external_id', 'user_alias', 'braze_id', '_update_existing_only', 'push_token_import'],
]);

/**
 * Finds which people of rejected lines came again in later lines that were applied. Lines are to be noted in their order.
 * A person is known by how a line names them; who is named in another way is another person here.
 */
export class LaterLines {
  /** By the rejected line. */
  readonly found = new Map<number, Later>();
  /** Rejected lines that are not watched, because there are too many. */
  unwatched = 0;
  readonly #rejected = new Map<string, number[]>();
  #watched = 0;

  get isWatching(): boolean {
    return this.#watched > 0;
  }

  rejected(line: number, record: unknown): void {
    const person = personOf(record);
    if (person === null) return;
    if (this.#watched === MOST_WATCHED) {
      this.unwatched += 1;
      return;
    }
    this.#watched += 1;
    const lines = this.#rejected.get(person.key);
    if (lines === undefined) this.#rejected.set(person.key, [line]);
    else lines.push(line);
  }

  applied(line: number, record: unknown): void {
    const person = personOf(record);
    const rejected = person === null ? undefined : this.#rejected.get(person.key);
    if (person === null || rejected === undefined) return;
    for (const one of rejected) {
      const members = union(this.found.get(one)?.members ?? [], valuesOf(person));
      this.found.set(one, { line, members: this.found.get(one)?.members === null ? null : members });
    }
  }
}

function union(some: readonly string[], others: readonly string[]): string[] | null {
  const all = [...new Set([...some, ...others])];
  return all.length > MOST_MEMBERS ? null : all;
}

interface Person {
  key: string;
  identifier: Identifier;
  record: RawObject;
}

/** null: the record names nobody. */
function personOf(record: unknown): Person | null {
  if (!isObject(record)) return null;
  try {
    const identifier = readIdentifier(record);
    return identifier && { key: JSON.stringify(identifier), identifier, record };
  } catch (error) {
    if (error instanceof ObjectProblem) return null;
    throw error;
  }
}

function valuesOf({ identifier, record }: Person): string[] {
  return Object.keys(record).filter((name) => !notValues.has(name) && name !== identifier.kind);
}

/** Reads `later` of a line of a rejects file. null: the value is something else. */
export function readLater(value: unknown): Later | null {
  if (!isObject(value)) return null;
  const [line, members] = [own(value, 'line'), own(value, 'members')];
  if (typeof line !== 'number') return null;
  if (members === null) return { line, members };
  return Array.isArray(members) && members.every((member) => typeof member === 'string') ? { line, members } : null;
}

/** A record without the members that later lines have set, and the problem that names them. */
export function withoutLater(record: unknown, later: Later): { record: unknown; problems: readonly string[] } {
  const person = personOf(record);
  if (person === null) return { record, problems: [] };
  const { members } = later;
  const taken = valuesOf(person).filter((name) => members === null || members.includes(name));
  if (taken.length === 0) return { record, problems: [] };
  const kept = Object.entries(person.record).filter(([name]) => !taken.includes(name));
  const it = taken.length === 1 ? 'it' : 'them';
  const problem = `${taken.join(', ')}: set by later lines of that file, the last of which is ${later.line}; leave ${it} out, or take "later" away to set ${it} anyway`;
  return { record: Object.fromEntries(kept), problems: [problem] };
}
