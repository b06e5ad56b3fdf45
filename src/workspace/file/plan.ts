import { createHmac, type KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

export type ChangeKind = 'create' | 'change' | 'unchanged' | 'remove' | 'not in the file';

/** One thing, and what an apply does to it. */
export interface Change {
  kind: ChangeKind;
  /** Kind of thing: `app`, `segment`, … */
  what: string;
  /** The thing's id. null: there is only one of its kind, such as the settings of email. */
  id: string | null;
  name: string;
  /** Names of the parts that differ, without values. The name of a part that goes away is followed by `removed`. */
  changed: readonly string[];
  /** Who wrote it by hand before this file, which it belongs to from now on. Absent: nobody. */
  taken_over?: { by: string; at: Date };
}

export type Plan = readonly Change[];

/** A thing's parts, by name, in a comparable form. */
export type Parts = Readonly<Record<string, unknown>>;

export interface Thing {
  id: string;
  name: string;
  parts: Parts;
}

/** The changes that turn the stored things into the wanted ones. Stored things that are not wanted are left alone. */
export function compare(what: string, wanted: readonly Thing[], stored: readonly Thing[]): Change[] {
  const known = new Map(stored.map((thing) => [thing.id, thing]));
  const asked = new Set(wanted.map(({ id }) => id));
  const rest = stored.filter(({ id }) => !asked.has(id));
  return [
    ...wanted.map(({ id, name, parts }) => changeOf({ what, id, name }, parts, known.get(id)?.parts)),
    ...rest.map(({ id, name }): Change => ({ kind: 'not in the file', what, id, name, changed: [] })),
  ];
}

export function changeOf(of: Pick<Change, 'what' | 'id' | 'name'>, wanted: Parts, stored: Parts | undefined): Change {
  const change = comparison(of, wanted, stored);
  decidedOn.set(change, JSON.stringify([wanted, stored ?? null]));
  return change;
}

/** What was compared for a change. It may hold secrets, so it is no part of the change. */
const decidedOn = new WeakMap<Change, string>();

/** A digest of what is asked and what is there: another one if either is another. `key`: without it nobody can try secrets. */
export function digestOfPlan(plan: Plan, key: KeyObject): string {
  const hmac = createHmac('sha256', key);
  for (const change of plan.filter(isNamed))
    hmac.update(`${JSON.stringify([change.what, change.id, decidedOn.get(change)])}\n`);
  return hmac.digest('hex');
}

function comparison(of: Pick<Change, 'what' | 'id' | 'name'>, wanted: Parts, stored: Parts | undefined): Change {
  if (stored === undefined) return { ...of, kind: 'create', changed: [] };
  const changed = Object.keys(wanted)
    .filter((part) => !isDeepStrictEqual(wanted[part] ?? null, stored[part] ?? null))
    .map((part) => (wanted[part] === null ? `${part} removed` : part));
  return { ...of, kind: changed.length > 0 ? 'change' : 'unchanged', changed };
}

export function isWrite({ kind }: Change): boolean {
  return kind === 'create' || kind === 'change' || kind === 'remove';
}

/** Whether the file, or whoever edits, names the thing. */
export function isNamed({ kind }: Change): boolean {
  return kind !== 'not in the file';
}

const signs = { create: '+', change: '~', unchanged: '=', remove: '-' } as const;
/** Most things that the file does not name to print by name. */
const maxNamed = 10;

/** Prints a line for each change and one for what the file does not name, then the sums. */
export function printPlan(plan: Plan): string {
  const rest = plan.filter(({ kind }) => kind === 'not in the file');
  const lines = plan.flatMap((change) => {
    const { kind } = change;
    if (kind === 'not in the file') return [];
    const label = [labelOf(change), change.id].filter((part) => part !== null).join(' ');
    return [`${signs[kind]} ${label}${detailsOf(change)}`];
  });
  const more = rest.length > maxNamed ? `, and ${rest.length - maxNamed} more` : '';
  if (rest.length > 0) lines.push(`? not in the file: ${rest.slice(0, maxNamed).map(labelOf).join(', ')}${more}`);
  const count = (kind: ChangeKind) => plan.filter((change) => change.kind === kind).length;
  const sums = `${count('create')} to create, ${count('change')} to change, ${count('unchanged')} unchanged, ${rest.length} not in the file and left alone.`;
  return [...lines, sums].join('\n');
}

function detailsOf({ kind, changed, taken_over: taken }: Change): string {
  const parts = kind === 'change' ? `: ${changed.join(', ')}` : '';
  const notes = [
    ...(kind === 'unchanged' ? [kind] : []),
    ...(taken === undefined
      ? []
      : [`taken over from ${taken.by}, who wrote it on ${taken.at.toISOString().slice(0, 10)}`]),
  ];
  return notes.length === 0 ? parts : `${parts} (${notes.join('; ')})`;
}

function labelOf({ what, name }: Change): string {
  return name === '' ? what : `${what} ${JSON.stringify(name)}`;
}
