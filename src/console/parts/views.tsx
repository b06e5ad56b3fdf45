import { type UseMutationResult, useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useId, useRef } from 'react';
import { change, read } from '../lib/api.ts';
import { useMay } from '../lib/session.ts';
import { Confirm, useTouching } from './confirm.tsx';
import { Failure } from './loaded.tsx';
import { Time } from './time.tsx';

type Filter = Readonly<Record<string, string>>;

interface View {
  view_id: string;
  name: string;
  filter: Filter;
  made_by: string;
  changed_at: string;
  changed_by: string;
}

interface ViewsProps {
  /** The list that is filtered, as the server calls it. */
  list: string;
  /** How it is filtered now. An empty text is no filter. */
  filter: Filter;
  /** Filters it so. The URL is what says it. */
  apply(filter: Filter): void;
  /** What of the page is not saved. */
  note?: string;
}

/** Filters of a list that have a name: one for all operators. Choosing one changes the URL, and nothing else. */
export function Views({ list, filter, apply, note }: ViewsProps) {
  const maySave = useMay('sender');
  const { data, error } = useQuery({
    queryKey: ['views', list],
    queryFn: ({ signal }) => read<{ views: View[] }>(`views?list=${list}`, signal),
    staleTime: 30_000,
  });
  const views = data?.views ?? [];
  const asked = given(filter);
  const current = views.find((view) => isSame(view.filter, asked));
  const isFiltered = Object.keys(asked).length > 0;
  if (error !== null) return <Failure error={error} />;
  return (
    <div className="row wrap views">
      {views.length > 0 && (
        <label className="row">
          <span className="lab">View</span>
          <select
            className="pick1"
            value={current?.view_id ?? ''}
            onChange={({ target }) => apply(views.find((one) => one.view_id === target.value)?.filter ?? {})}
          >
            <option value="">{isFiltered && current === undefined ? 'not saved' : 'all'}</option>
            {views.map(({ view_id: id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {maySave && current !== undefined && <Current view={current} />}
      {maySave && isFiltered && current === undefined && <Save {...{ list, views, note }} filter={asked} />}
    </div>
  );
}

function Current({ view: { view_id: id, name, made_by, changed_at, changed_by } }: { view: View }) {
  const about = `the view ${name}`;
  const rename = useTouching((next: string) => change('PATCH', `views/${id}`, { name: next }), ['views']);
  return (
    <>
      <Naming label="Rename …" about={about} title={`Rename ${about}`} verb="Rename it" start={name} saving={rename}>
        <p className="md mut2">
          Made by {made_by}, changed <Time at={changed_at} /> by {changed_by}. All operators see it.
        </p>
      </Naming>
      <Confirm
        label="Delete …"
        about={about}
        title={`Delete ${about}`}
        verb="Delete the view"
        act={() => change('DELETE', `views/${id}`)}
        touches={['views']}
      >
        <p className="md">All operators lose it. What it shows stays.</p>
      </Confirm>
    </>
  );
}

interface SaveProps extends Pick<ViewsProps, 'list' | 'filter'> {
  views: readonly View[];
  note: string | undefined;
}

/** A name that there is already gives that view this filter. */
function Save({ list, filter, views, note }: SaveProps) {
  const namesake = (name: string) => views.find((one) => one.name.toLowerCase() === name.toLowerCase());
  const save = useTouching(
    (name: string) => {
      const known = namesake(name);
      return known === undefined
        ? change('POST', 'views', { list, name, filter })
        : change('PATCH', `views/${known.view_id}`, { filter });
    },
    ['views'],
  );
  return (
    <Naming label="Save view …" title="Save this filter as a view" verb="Save the view" start="" saving={save}>
      <p className="md mut2">
        {Object.entries(filter)
          .map(([name, value]) => `${name}: ${value}`)
          .join(', ')}
        . All operators see it. The name of a view that is there already gives that view this filter.
      </p>
      {note !== undefined && <p className="md v-warn">{note}</p>}
    </Naming>
  );
}

interface NamingProps {
  label: string;
  about?: string;
  title: string;
  verb: string;
  start: string;
  saving: UseMutationResult<unknown, Error, string>;
  children: ReactNode;
}

/** A dialog that asks for a name. */
function Naming({ label, about, title, verb, start, saving, children }: NamingProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name')).trim();
    if (name !== '') saving.mutate(name, { onSuccess: () => dialog.current?.close() });
  };
  return (
    <>
      <button
        type="button"
        className="linkbtn"
        aria-label={about === undefined ? undefined : `${label.replace(/ …$/, '')} ${about}`}
        onClick={() => dialog.current?.showModal()}
      >
        {label}
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby={id} onClose={() => saving.reset()}>
        <div>
          <h2 id={id} className="h16">
            {title}
          </h2>
        </div>
        <form onSubmit={submit}>
          <div className="sec gap16 formpad">
            <label className="field">
              <span>Name</span>
              <input
                key={start}
                className="in"
                name="name"
                required
                maxLength={80}
                autoComplete="off"
                defaultValue={start}
              />
            </label>
            {children}
            {saving.error !== null && <Failure error={saving.error} />}
          </div>
          <div className="mf">
            <button type="button" className="btn" onClick={() => dialog.current?.close()}>
              Leave it
            </button>
            <button type="submit" className="btn pri" disabled={saving.isPending}>
              {verb}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

function given(filter: Filter): Filter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''));
}

function isSame(one: Filter, other: Filter): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
