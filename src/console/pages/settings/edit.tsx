import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useState } from 'react';
import { ApiError, change, read } from '../../lib/api.ts';
import type { PlacedRemark } from '../../lib/document.ts';
import { queryOf } from '../../lib/search.ts';
import { useMay } from '../../lib/session.ts';
import { Changes, type Planned, Warnings } from '../../parts/changes.tsx';
import { useTouching } from '../../parts/confirm.tsx';
import { Failure, Loaded } from '../../parts/loaded.tsx';
import { type Lock, Locked } from '../../parts/locked.tsx';
import { Time } from '../../parts/time.tsx';
import { templateOf } from './templates.ts';

const Editor = lazy(() => import('../../parts/editor.tsx').then(({ Editor: one }) => ({ default: one })));

interface Stored {
  /** null: it is not set. */
  yaml: string | null;
  edited: { by: string; at: string } | null;
  locked: Lock | null;
}

interface Which {
  what: string;
  /** Absent: there is only one of its kind. */
  id?: string;
  /** Set: a new one is written. */
  new?: string;
}

/** A link to the page on which one definition is edited. Who may not edit finds none. */
export function EditLink({
  what,
  id,
  label = 'Edit',
  about,
}: Pick<Which, 'what' | 'id'> & { label?: string; about?: string }) {
  const isAdmin = useMay('admin');
  if (!isAdmin) return null;
  return (
    <Link
      to="/settings/$section"
      params={{ section: 'edit' }}
      search={(id === undefined ? { what } : { what, id }) as never}
      className="btn"
      aria-label={about === undefined ? undefined : `${label} ${about}`}
    >
      {label}
    </Link>
  );
}

/** A link to the page on which a new app or group is written. */
export function AddLink({ what, label }: { what: 'app' | 'subscription_group'; label: string }) {
  const isAdmin = useMay('admin');
  if (!isAdmin) return null;
  return (
    <Link to="/settings/$section" params={{ section: 'edit' }} search={{ what, new: 'yes' } as never} className="btn">
      {label}
    </Link>
  );
}

/** One definition as the text that a workspace file would have: what it would change is seen first, and exactly that applied. */
export function EditPage() {
  const which = useSearch({ strict: false }) as Which;
  const { what = '', id } = which;
  const isNew = which.new !== undefined;
  const stored = useQuery({
    queryKey: ['definition', what, id ?? '', isNew],
    queryFn: ({ signal }): Promise<Stored> =>
      isNew
        ? Promise.resolve({ yaml: null, edited: null, locked: null })
        : read<Stored>(`definitions${queryOf({ what, id })}`, signal),
    // What is written must not be read over, and is read anew when the page is opened again.
    ...{ staleTime: Number.POSITIVE_INFINITY, gcTime: 0 },
  });
  return (
    <section className="sec gap16">
      <h2>{isNew ? `A new ${sayOf(what)}` : `Edit ${sayOf(what)}`}</h2>
      <Loaded query={stored}>
        {(found) => (
          <Edit
            key={`${what} ${id} ${stored.dataUpdatedAt}`}
            what={what}
            stored={found}
            reread={() => stored.refetch()}
          />
        )}
      </Loaded>
    </section>
  );
}

function Edit({ what, stored, reread }: { what: string; stored: Stored; reread(): void }) {
  const isAdmin = useMay('admin');
  const navigate = useNavigate();
  const [text, setText] = useState(stored.yaml ?? templateOf(what));
  const send = (more: object) => change<Planned>('POST', 'definitions', { yaml: text, ...more });
  const look = useTouching(() => send({ dry_run: true }), []);
  const apply = useTouching(() => send({ plan_digest: look.data?.plan_digest }), ['settings', 'workspace-file']);
  const error = apply.error ?? look.error;
  const remarks = useMemo(() => remarksOf(error, look.data), [error, look.data]);
  const write = (next: string) => {
    setText(next);
    look.reset();
    apply.reset();
  };
  const back = () => navigate({ to: '/settings/$section', params: { section: pageOf(what) } });
  const isLocked = stored.locked !== null;
  const seen = look.data;
  const changesSomething = seen?.changes.some(({ kind }) => kind !== 'unchanged') === true;
  return (
    <>
      {stored.locked !== null && <Locked by={stored.locked} what={sayOf(what)} />}
      {stored.edited !== null && (
        <p className="md mut2">
          Last written by {stored.edited.by}, <Time at={stored.edited.at} />.
        </p>
      )}
      {!isLocked && isAdmin && (
        <p className="md mut2">
          As in the workspace file. Variables and files are not read here.{' '}
          {text.includes('${secret:') && (
            <>
              <code>{'${secret:…}'}</code> stands for a secret that is stored and stays as it is; write another one in
              its place to replace it.
            </>
          )}
        </p>
      )}
      {isLocked || !isAdmin ? (
        <pre className="json">{text}</pre>
      ) : (
        <Suspense fallback={<pre className="json">{text}</pre>}>
          <Editor label={`The ${sayOf(what)} as YAML`} language="yaml" {...{ text, remarks, write }} />
        </Suspense>
      )}
      {seen !== undefined && (
        <div role="status">
          <Changes of={seen.changes} />
          {!changesSomething && <p className="md mut2">Nothing would change.</p>}
          <Warnings of={seen.warnings} />
        </div>
      )}
      {error !== null && <Failure error={error} />}
      {!isLocked && isAdmin && (
        <div className="row wrap">
          <button type="button" className="btn" onClick={back}>
            Leave it
          </button>
          <button
            type="button"
            className={changesSomething ? 'btn' : 'btn pri'}
            disabled={look.isPending}
            onClick={() => look.mutate()}
          >
            Show what would change
          </button>
          <button
            type="button"
            className="btn pri"
            disabled={!changesSomething || apply.isPending || apply.error !== null}
            onClick={() => apply.mutate(undefined, { onSuccess: back })}
          >
            Apply
          </button>
          {apply.error instanceof ApiError && apply.error.status === 409 && (
            <button type="button" className="btn" onClick={reread}>
              Read it again
            </button>
          )}
        </div>
      )}
    </>
  );
}

/** What the server says of a line stands under that line. */
function remarksOf(error: Error | null, seen: Planned | undefined): PlacedRemark[] {
  const problems = error instanceof ApiError ? error.errors : [];
  const placed = (kind: PlacedRemark['kind']) => (text: string) => ({ kind, text, line: lineIn(text) });
  return [...problems.map(placed('error')), ...(seen?.warnings ?? []).map(placed('warning'))];
}

function lineIn(text: string): number | null {
  const line = /\(line (\d+)\)$/.exec(text)?.[1] ?? /^line (\d+):/.exec(text)?.[1];
  return line === undefined ? null : Number(line) - 1;
}

function sayOf(what: string): string {
  return what.replaceAll('_', ' ');
}

const ofProviders = ['app', 'subscription_group', 'email'];

/** The part of settings that shows the definition. */
function pageOf(what: string): string {
  if (what === 'event_webhooks') return 'webhooks';
  return ofProviders.includes(what) ? 'providers' : 'rules';
}
