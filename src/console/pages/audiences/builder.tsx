import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useMemo, useState } from 'react';
import { ApiError, read } from '../../lib/api.ts';
import { isObject, type PlacedRemark, parsed, placed, type Remark, withValue } from '../../lib/document.ts';
import { useDraft } from '../../lib/draft.ts';
import { count, counted } from '../../lib/say.ts';
import { useMe } from '../../lib/session.ts';
import { useTitle } from '../../lib/title.ts';
import { isDesk } from '../../lib/width.ts';
import { CopyButton } from '../../parts/copy.tsx';
import { Failure, Loaded } from '../../parts/loaded.tsx';
import './audiences.css';
import { type Counts, shortName, useCounts } from './counts.ts';
import { Node } from './group.tsx';
import type { Offer } from './kinds.ts';
import { useOffer } from './list.tsx';
import { Reach, Sample } from './people.tsx';
import { type KnownSegment, SaveAsSegment, useOpenSegment } from './save.tsx';
import { RemoveSegment, type StoredSegment, WhoseSegment } from './segment.tsx';
import { removed } from './tree.ts';
import { WriteTo } from './write-to.tsx';

const Editor = lazy(() => import('../../parts/editor.tsx').then(({ Editor: one }) => ({ default: one })));

/** Everybody with an email address: a filter that fits somebody in most workspaces. */
const EMPTY = `{
  "AND": [
    { "email_available": true }
  ]
}`;

/** An audience of one's own, kept as a draft in this browser. */
export function NewAudience() {
  const offer = useOffer();
  const me = useMe();
  useTitle('New audience');
  return (
    <Loaded query={offer} rows={6}>
      {(data) => (me.data === undefined ? null : <Draft offer={data} name={me.data.operator.name} />)}
    </Loaded>
  );
}

function Draft({ offer, name }: { offer: Offer; name: string }) {
  const { draft, write, forget } = useDraft(`audience ${name}`, EMPTY);
  const show = useOpenSegment();
  const saved = (id: string) => {
    forget();
    show(id);
  };
  return (
    <Builder {...{ offer, text: draft.text, write, saved }} crumb="new" opened={null} segment={null} again={forget} />
  );
}

/** A segment as the workspace has it. Changes of it stay on this page until they are saved. */
export function SegmentAudience() {
  const { segment: id = '' } = useParams({ strict: false });
  const offer = useOffer();
  const segment = useQuery({
    queryKey: ['segment', id],
    queryFn: ({ signal }) => read<StoredSegment>(`segments/${encodeURIComponent(id)}`, signal),
  });
  useTitle(segment.data?.name ?? 'Segment');
  return (
    <Loaded query={segment} rows={6}>
      {(stored) => (
        <Loaded query={offer}>
          {(data) => (
            <Stored key={id} offer={data} stored={stored} reread={async () => (await segment.refetch()).data} />
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

interface StoredProps {
  offer: Offer;
  stored: StoredSegment;
  reread(): Promise<StoredSegment | undefined>;
}

function textOf({ filter }: StoredSegment): string {
  return filter === null ? EMPTY : JSON.stringify(filter, null, 2);
}

function Stored({ offer, stored, reread }: StoredProps) {
  const first = textOf(stored);
  const [text, write] = useState(first);
  const show = useOpenSegment();
  const saved = async (id: string) => {
    if (id !== stored.id) return show(id);
    const next = await reread();
    if (next !== undefined) write(textOf(next)); // The database has its own order of members.
  };
  if (stored.filter === null && text === first)
    return (
      <div className="page">
        <Crumb at={stored.name} />
        <h1>Everybody</h1>
        <p className="mut2">The segment “{stored.name}” has no filter, so everybody is in it.</p>
        <WhoseSegment of={stored} />
        <p className="row wrap">
          <button type="button" className="btn" onClick={() => write(`${EMPTY}\n`)}>
            Begin a filter
          </button>
          <WriteTo whom={{ segment_id: stored.id }} />
          <RemoveSegment of={stored} />
        </p>
      </div>
    );
  const segment = text === first ? stored.id : null;
  const opened = { id: stored.id, name: stored.name, isLocked: stored.locked !== null };
  return (
    <Builder {...{ offer, text, write, segment, opened, saved }} crumb={stored.name} again={() => write(first)}>
      <WhoseSegment of={stored} />
      <RemoveSegment of={stored} />
    </Builder>
  );
}

interface BuilderProps {
  offer: Offer;
  text: string;
  write(text: string): void;
  crumb: string;
  /** The segment that was opened. null: this is a new audience. */
  opened: KnownSegment | null;
  saved(id: string): void;
  /** What is known of the segment that was opened. */
  children?: ReactNode;
  /** Id of the segment that has this filter. null: none has. */
  segment: string | null;
  /** Begins anew. */
  again(): void;
}

function Builder({ offer, text, write, crumb, opened, saved, segment, again, children }: BuilderProps) {
  const { body, problem } = parsed(text);
  const counting = useCounts(body);
  const { data, error, isOld } = counting;
  const counts = data !== undefined && !isOld ? data : null;
  const remarks = useMemo(() => remarksOf(text, counts, isOld ? null : error), [text, counts, isOld, error]);
  // The people stay until there are others, so that the page does not jump.
  const shown = data?.guilt?.others ?? data?.preview ?? null;
  const note = data?.guilt?.others ? 'without the marked filter' : '';
  return (
    <div className="page audience">
      <div className="row between wrap">
        <div>
          <Crumb at={crumb} />
          <h1 aria-live="polite">{titleOf(counts, problem, isOld ? null : error)}</h1>
          <p className="md mut2">{counts === null ? '' : causeOf(counts, body)}</p>
        </div>
        <div className="row wrap">
          <button type="button" className="btn" onClick={again}>
            Start anew
          </button>
          <WriteTo whom={segment !== null ? { segment_id: segment } : body && { audience: body }} />
          <SaveAsSegment filter={body} {...{ opened, saved }} />
        </div>
      </div>
      {children}
      {error !== null && !isOld && <Failure error={error} retry={() => counting.refetch()} />}
      {(counts?.preview.cresset?.warnings ?? []).map((said) => (
        <p key={said} className="md v-warn">
          {said}
        </p>
      ))}
      <div className="split wide">
        <section className="sec" aria-label="Form">
          <div className="flt fh0">
            <span>Each filter, and how many people</span>
            <span className="n">Fit alone</span>
            <span className="n">Without it</span>
            <span />
          </div>
          {body === null ? (
            <p className="md mut2">The form goes on once the JSON is complete: {problem}.</p>
          ) : (
            <Node
              value={body}
              path={[]}
              {...{ offer, counts }}
              write={(path, value) =>
                write(path.length === 0 ? JSON.stringify(value, null, 2) : withValue(text, path, value))
              }
              remove={(path) => write(removed(text, body, path, EMPTY))}
            />
          )}
        </section>
        <section className="sec" aria-label="JSON">
          <div className="sh">
            <h2>As JSON</h2>
            <span className="end">
              <CopyButton text={text} what="the filter" />
            </span>
          </div>
          <JsonPane {...{ text, remarks, write }} />
        </section>
      </div>
      {shown !== null && (
        <div className={isOld ? 'two old' : 'two'}>
          <Reach preview={shown} note={note} />
          <Sample preview={shown} note={note} />
        </div>
      )}
    </div>
  );
}

function Crumb({ at }: { at: string }) {
  return (
    <div className="crumb">
      <Link to="/audiences">Audiences</Link> / {at}
    </div>
  );
}

function JsonPane({
  text,
  remarks,
  write,
}: {
  text: string;
  remarks: readonly PlacedRemark[];
  write(text: string): void;
}) {
  if (!isDesk()) return <pre className="json">{text}</pre>;
  return (
    <Suspense fallback={<pre className="json">{text}</pre>}>
      <Editor label="The filter as JSON" {...{ text, remarks, write }} />
    </Suspense>
  );
}

function titleOf(counts: Counts | null, problem: string | null, error: Error | null): string {
  if (problem !== null) return 'The JSON has a mistake';
  if (error !== null) return 'It cannot be counted';
  return counts === null ? 'Counting' : `${counted(counts.preview.count, 'person fits', 'people fit')}`;
}

/** Why nobody fits, or of how many they are. */
function causeOf({ preview, guilt, parts, everybody, leftOver, tookMs }: Counts, filter: unknown): string {
  const took = `Counted in ${(tookMs / 1_000).toFixed(1)} s.`;
  const rest =
    leftOver === 0 ? '' : ` ${counted(leftOver, 'more filter is', 'more filters are')} not left out one by one.`;
  if (preview.count > 0) return `Of ${counted(everybody ?? 0, 'person', 'people')} in all. ${took}${rest}`;
  if (guilt !== null)
    return `Because of one filter: without ${shortName(filter, guilt.path)} there would be ${count(guilt.without)}. ${took}${rest}`;
  const why = parts.size < 2 ? '' : 'No single filter is the reason: without any one of them nobody fits, either. ';
  return `${why}${took}${rest}`;
}

/** The filter that keeps everybody out is marked in the JSON, too, as is what the API refuses. */
function remarksOf(text: string, counts: Counts | null, error: Error | null): PlacedRemark[] {
  const inside = (said: string) => said.replace(/^filter\.?/, '');
  const guilt = counts?.guilt ?? null;
  const marks: Remark[] = [
    ...(guilt === null
      ? []
      : [{ kind: 'warning' as const, text: `${inside(guilt.path)}: without it ${count(guilt.without)} would fit` }]),
    ...(counts?.preview.cresset?.warnings ?? []).map((said) => ({ kind: 'warning' as const, text: inside(said) })),
    ...(error instanceof ApiError ? error.errors : []).map((said) => ({ kind: 'error' as const, text: inside(said) })),
  ];
  return isObject(parsed(text).body) ? placed(text, marks) : [];
}
