import { isDeepStrictEqual } from 'node:util';

export type ChangeKind = 'create' | 'change' | 'unchanged' | 'not in the file';

/** One thing, and what an apply does to it. */
export interface Change {
  kind: ChangeKind;
  /** Kind of thing: `app`, `segment`, … */
  what: string;
  /** The thing's id. null: there is only one of its kind, such as the settings of email. */
  id: string | null;
  name: string;
  /** Names of the parts that differ, without values. */
  changed: readonly string[];
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
  if (stored === undefined) return { ...of, kind: 'create', changed: [] };
  const changed = Object.keys(wanted).filter((part) => !isDeepStrictEqual(wanted[part], stored[part]));
  return { ...of, kind: changed.length > 0 ? 'change' : 'unchanged', changed };
}

export function isWrite({ kind }: Change): boolean {
  return kind === 'create' || kind === 'change';
}

const signs: Record<ChangeKind, string> = { create: '+', change: '~', unchanged: '=', 'not in the file': '?' };

/** Prints a line for each change, then the sums. */
export function printPlan(plan: Plan): string {
  const lines = plan.map(({ kind, what, id, name, changed }) => {
    const label = [what, name === '' ? null : JSON.stringify(name), id].filter((part) => part !== null).join(' ');
    const details = kind === 'change' ? `: ${changed.join(', ')}` : kind === 'create' ? '' : ` (${kind})`;
    return `${signs[kind]} ${label}${details}`;
  });
  const count = (kind: ChangeKind) => plan.filter((change) => change.kind === kind).length;
  const sums = `${count('create')} to create, ${count('change')} to change, ${count('unchanged')} unchanged, ${count('not in the file')} not in the file and left alone.`;
  return [...lines, sums].join('\n');
}
