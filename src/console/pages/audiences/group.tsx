import type { ReactNode } from 'react';
import type { Path } from '../../lib/document.ts';
import { Icon } from '../../parts/icon.tsx';
import type { Counts } from './counts.ts';
import { FilterRow } from './filter-row.tsx';
import { kinds, type Offer } from './kinds.ts';
import { Numbers } from './numbers.tsx';
import { nameOf, nodeOf } from './tree.ts';

export interface NodeProps {
  value: unknown;
  path: Path;
  offer: Offer;
  counts: Counts | null;
  write(path: Path, value: unknown): void;
  remove(path: Path): void;
}

const newFilter = { custom_attribute: kinds.custom_attribute?.start };

/** A filter, or a group with all that is in it. */
export function Node(props: NodeProps) {
  const { value, path, offer, counts, write, remove } = props;
  const node = nodeOf(value);
  const name = nameOf(path);
  if (node === null)
    return (
      <p className="flt md mut2">
        This is no filter: <code>{JSON.stringify(value)}</code>
      </p>
    );
  const { key, of } = node;
  if ((key === 'AND' || key === 'OR') && Array.isArray(of)) return <Group {...props} operator={key} filters={of} />;
  if (key === 'NOT')
    return (
      <div className="nest">
        <div className="agrp">
          <Head {...props} label="Not this" />
          <Node {...props} value={of} path={[...path, 'NOT']} />
        </div>
      </div>
    );
  return (
    <FilterRow
      {...{ kind: key, of, path, offer, write, count: counts?.parts.get(name) }}
      guilt={counts?.guilt?.path === name ? counts.guilt : null}
      remove={() => remove(path)}
    />
  );
}

function Group(props: NodeProps & { operator: 'AND' | 'OR'; filters: readonly unknown[] }) {
  const { operator, filters, path, write } = props;
  const add = (one: unknown) => write([...path, operator, -1], one);
  const group = (
    <div className="agrp">
      <Head {...props} label="">
        <select
          className="pick"
          aria-label="How the filters belong together"
          value={operator}
          onChange={({ target }) => write(path, { [target.value]: filters })}
        >
          <option value="AND">All of these</option>
          <option value="OR">Any of these</option>
        </select>
      </Head>
      {filters.map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a filter is known by its place
        <Node key={index} {...props} value={one} path={[...path, operator, index]} />
      ))}
      <div className="row addrow">
        <button type="button" className="btn" onClick={() => add(newFilter)}>
          + Filter
        </button>
        <button type="button" className="btn" onClick={() => add({ [operator === 'AND' ? 'OR' : 'AND']: [newFilter] })}>
          + Group
        </button>
        <button type="button" className="btn" onClick={() => add({ NOT: newFilter })}>
          + Not
        </button>
      </div>
    </div>
  );
  return path.length === 0 ? group : <div className="nest">{group}</div>;
}

function Head({ path, counts, remove, label, children }: NodeProps & { label: string; children?: ReactNode }) {
  const name = nameOf(path);
  const isGuilty = counts?.guilt?.path === name;
  if (path.length === 0) return <div className="and">{children ?? label}</div>;
  return (
    <div className={isGuilty ? 'flt hot' : 'flt'}>
      <span className="and">{children ?? label}</span>
      <Numbers count={counts?.parts.get(name)} />
      <button type="button" className="copy" aria-label="Remove this group" onClick={() => remove(path)}>
        <Icon name="close" />
      </button>
    </div>
  );
}
