import './changes.css';

/** One change of a plan of definitions. */
export interface Change {
  kind: 'create' | 'change' | 'unchanged' | 'remove' | 'not in the file';
  what: string;
  id: string | null;
  name: string;
  changed: readonly string[];
  taken_over?: { by: string; at: string };
}

/** What an edit of definitions does, or would do. */
export interface Planned {
  changes: readonly Change[];
  plan_digest: string;
  warnings: readonly string[];
}

const signs = { create: '+', change: '~', unchanged: '=', remove: '-', 'not in the file': '?' } as const;

/** A plan, as `cresset apply` prints it. */
export function Changes({ of }: { of: readonly Change[] }) {
  if (of.length === 0) return null;
  return (
    <ul className="plan">
      {of.map(({ kind, what, id, name, changed, taken_over: taken }) => (
        <li key={`${what} ${id} ${name}`}>
          <code aria-hidden="true">{signs[kind]}</code>
          <span>
            {kind === 'not in the file' ? 'not in the file: ' : `${kind} `}
            {what.replaceAll('_', ' ')}
            {name !== '' && <b> {name}</b>}
            {changed.length > 0 && <span className="mut2">: {changed.join(', ')}</span>}
            {taken !== undefined && <span className="v-warn"> taken over from {taken.by}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

export function Warnings({ of }: { of: readonly string[] }) {
  return of.map((said) => (
    <p key={said} className="md v-warn brk">
      {said}
    </p>
  ));
}
