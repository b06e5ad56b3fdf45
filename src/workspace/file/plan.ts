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
  /** Names of the parts that differ, without values. The name of a part that goes away is followed by `removed`. */
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
  const changed = Object.keys(wanted)
    .filter((part) => !isDeepStrictEqual(wanted[part] ?? null, stored[part] ?? null))
    .map((part) => (wanted[part] === null ? `${part} removed` : part));
  return { ...of, kind: changed.length > 0 ? 'change' : 'unchanged', changed };
}

export function isWrite({ kind }: Change): boolean {
  return kind === 'create' || kind === 'change';
}

const signs = { create: '+', change: '~', unchanged: '=' } as const;
/** Most things that the file does not name to print by name. */
const maxNamed = 10;

/** Prints a line for each change and one for what the file does not name, then the sums. */
export function printPlan(plan: Plan): string {
  const rest = plan.filter(({ kind }) => kind === 'not in the file');
  const lines = plan.flatMap((change) => {
    const { kind, changed } = change;
    if (kind === 'not in the file') return [];
    const details = kind === 'change' ? `: ${changed.join(', ')}` : kind === 'create' ? '' : ` (${kind})`;
    return [`${signs[kind]} ${[labelOf(change), change.id].filter((part) => part !== null).join(' ')}${details}`];
  });
  const more = rest.length > maxNamed ? `, and ${rest.length - maxNamed} more` : '';
  if (rest.length > 0) lines.push(`? not in the file: ${rest.slice(0, maxNamed).map(labelOf).join(', ')}${more}`);
  const count = (kind: ChangeKind) => plan.filter((change) => change.kind === kind).length;
  const sums = `${count('create')} to create, ${count('change')} to change, ${count('unchanged')} unchanged, ${rest.length} not in the file and left alone.`;
  return [...lines, sums].join('\n');
}

function labelOf({ what, name }: Change): string {
  return name === '' ? what : `${what} ${JSON.stringify(name)}`;
}
