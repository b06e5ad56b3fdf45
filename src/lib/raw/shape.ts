import { didYouMean, nearest, nearestOrPart } from './did-you-mean.ts';
import { elementPath, isObject, own, quotedMemberPath } from './json.ts';
import { ObjectReader } from './object-reader.ts';
import type { Sink } from './problems.ts';

/**
 * Reads one value of a file. Returns it in its final form, or files every problem under its path (`apps[0].name`) and
 * returns `undefined`. No problem shows a value, because it may be a secret.
 */
export type Shape<T> = (value: unknown, path: string, problems: Sink) => T | undefined;

/** The type that a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never;

export interface Member<T> {
  shape: Shape<T>;
  /** The value of a member that is absent or null. Absent: the member is required. */
  fallback?: { value: T };
  /** Whether the member must be given, even if as null. */
  nullIsValue?: boolean;
}

export function required<T>(shape: Shape<T>): Member<T> {
  return { shape };
}

export function optional<T, D>(shape: Shape<T>, fallback: D): Member<T | D> {
  return { shape, fallback: { value: fallback } };
}

/** A member that reads as `undefined` when it is absent or null. */
export function maybe<T>(shape: Shape<T>): Member<T | undefined> {
  return { shape, fallback: { value: undefined } };
}

/** A member that must be given, even if as null. */
export function requiredOrNull<T>(shape: Shape<T>): Member<T | null> {
  return { shape, nullIsValue: true };
}

export type Members = Readonly<Record<string, Member<unknown>>>;
type ReadMember<M> = M extends Member<infer T> ? T : never;
type MaybeMissing<M extends Members> = {
  [K in keyof M]: undefined extends ReadMember<M[K]> ? K : never;
}[keyof M];
type Flat<T> = { [K in keyof T]: T[K] };
type ReadMembers<M extends Members> = Flat<
  { [K in Exclude<keyof M, MaybeMissing<M>>]: ReadMember<M[K]> } & { [K in MaybeMissing<M>]?: ReadMember<M[K]> }
>;

/** Other names of members → the member that is meant, or words that say where the thing belongs. */
export type OtherNames = Readonly<Record<string, string>>;

/**
 * Reads an object of these members. Refuses an unknown member and suggests the nearest name; `others` knows more of what
 * people write.
 */
export function object<M extends Members>(members: M, others: OtherNames = {}): Shape<ReadMembers<M>> {
  const known = Object.keys(members);
  return (value, path, problems) => {
    if (!isObject(value)) return refuse(problems, path, 'expected an object');
    const reader = new FileObject(value, path, problems);
    const unknown = reader.unknown(known);
    for (const name of unknown) reader.refuse(name, unknownMember(name, known, others));
    const read = Object.entries(members).map(([name, member]) => ({ name, found: readMember(reader, name, member) }));
    const isGood = unknown.length === 0 && read.every(({ found }) => found !== undefined);
    if (!isGood) return undefined;
    const present = read.filter(({ found }) => found?.value !== undefined);
    return Object.fromEntries(present.map(({ name, found }) => [name, found?.value])) as ReadMembers<M>;
  };
}

class FileObject extends ObjectReader {
  override at(key: string): string {
    return quotedMemberPath(this.path, key);
  }
}

/** Reads one member. Returns undefined if it is wrong. */
function readMember<T>(from: FileObject, name: string, { shape, fallback, nullIsValue }: Member<T>) {
  if (from.has(name)) {
    const value = shape(from.get(name), from.at(name), from.problems);
    return value === undefined ? undefined : { value };
  }
  if (nullIsValue && from.get(name) === null) return { value: null };
  return fallback ?? refuse(from.problems, from.at(name), 'is required');
}

function unknownMember(name: string, known: readonly string[], others: OtherNames): string {
  const other = own(others, name);
  if (other !== undefined && !known.includes(other)) return `there is no such key; ${other}`;
  return `there is no such key${didYouMean(other ?? nearestOrPart(name, known))}`;
}

export function list<T>(shape: Shape<T>, most = 10_000): Shape<T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value)) return refuse(problems, path, 'expected a list');
    if (value.length > most) return refuse(problems, path, `expected at most ${most} entries, got ${value.length}`);
    const read = value.map((item, index) => shape(item, elementPath(path, index), problems));
    return read.every((item) => item !== undefined) ? read : undefined;
  };
}

export function text({ max = 255, multiline = false, mayBeEmpty = false } = {}): Shape<string> {
  const control = multiline ? /[^\P{Cc}\t\r\n]/u : /\p{Cc}/u;
  return (value, path, problems) => {
    if (typeof value !== 'string') return refuse(problems, path, 'expected a text');
    if (value.trim() === '' && !mayBeEmpty) return refuse(problems, path, 'expected a text that is not empty');
    if (value.length > max) return refuse(problems, path, `expected at most ${max} characters`);
    if (control.test(value) || !value.isWellFormed())
      return refuse(problems, path, 'holds characters that are no text');
    return value;
  };
}

/** Reads a value in which `problemOf` finds no problem. */
export function checked<T>(base: Shape<T>, problemOf: (value: T) => string | null): Shape<T> {
  return (value, path, problems) => {
    const read = base(value, path, problems);
    const problem = read === undefined ? null : problemOf(read);
    return problem === null ? read : refuse(problems, path, problem);
  };
}

export function matching(pattern: RegExp, expected: string): Shape<string> {
  return checked(text({ max: 2_048 }), (value) => (pattern.test(value) ? null : `expected ${expected}`));
}

export const flag: Shape<boolean> = (value, path, problems) =>
  typeof value === 'boolean' ? value : refuse(problems, path, 'expected true or false');

export function integer(least: number, most: number): Shape<number> {
  return (value, path, problems) => {
    const good = Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
    return good ? Number(value) : refuse(problems, path, `expected an integer from ${least} to ${most}`);
  };
}

/** Reads one of the words. `synonyms` maps other words to them; `mistakes` those that are refused with what was meant. */
export function oneOf<const W extends string>(
  words: readonly W[],
  synonyms: Readonly<Record<string, NoInfer<W>>> = {},
  mistakes: Readonly<Record<string, NoInfer<W>>> = {},
): Shape<W> {
  return (value, path, problems) => {
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    const meant = typeof value === 'string' ? own(synonyms, value) : undefined;
    if (meant !== undefined) return meant;
    const near = words.length > MOST_TO_LIST && typeof value === 'string' ? meantBy(value, words) : null;
    if (near !== null) return refuse(problems, path, `is not known${didYouMean(near)}`);
    const hint = typeof value === 'string' ? didYouMean(own(mistakes, value) ?? nearest(value, words)) : '';
    return refuse(problems, path, `expected ${words.length > 1 ? 'one of ' : ''}${words.join(', ')}${hint}`);
  };
}

/** Of more words, only the one that was probably meant is named. */
const MOST_TO_LIST = 20;

/** The word that is near, or that ends with the value: `send` of `messages.send`. */
function meantBy(value: string, words: readonly string[]): string | null {
  return nearest(value, words) ?? words.find((word) => word.endsWith(`.${value}`)) ?? null;
}

/** Files a problem of the value at `path`. An empty path stands for the whole file. */
export function refuse(problems: Sink, path: string, problem: string): undefined {
  problems.add('type', path === '' ? 'the file' : path, problem);
  return undefined;
}
