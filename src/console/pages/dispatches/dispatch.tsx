import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Fragment } from 'react';
import { read } from '../../lib/api.ts';
import { every } from '../../lib/live.ts';
import { channelName, count, counted, share, untilOf } from '../../lib/say.ts';
import { useTitle } from '../../lib/title.ts';
import { type Family, families } from '../../lib/verdicts.ts';
import { CopyButton } from '../../parts/copy.tsx';
import { DispatchState } from '../../parts/dispatch-state.tsx';
import { Loaded, Waiting } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { Verdict, VerdictBar } from '../../parts/verdict.tsx';
import { Acts } from './acts.tsx';
import { Ledger } from './ledger.tsx';
import { Recipients } from './recipients.tsx';

/** The numbers of one channel: how many of its sends had each reason or, without a reason, each status. */
export type ChannelCounts = Readonly<Record<string, number>>;

export interface Dispatch {
  dispatch_id: string;
  campaign_id?: string;
  campaign_name?: string;
  segment_id?: string;
  state: string;
  accepted_at: string;
  finished_at: string | null;
  failure?: string;
  /** What its messages wait for although nothing is wrong. */
  waits?: readonly { channel: string | null; why: string; until: string | null }[];
  /** What quiet hours hold, and when the first and the last of it may go. */
  held?: { messages: number; first_until: string | null; last_until: string | null };
  /** The first messages of a channel, which are watched before the rest goes. */
  canary?: Readonly<Record<string, { state: string; started: number }>>;
  expanded_at?: string | null;
  counted_at?: string;
  counts: {
    targeted: number | null;
    recipients: number | null;
    unknown_user: number;
    duplicate: number;
    not_in_segment: number;
    not_in_audience: number;
  };
  channels: Readonly<Record<string, ChannelCounts>>;
}

interface People {
  /** null: they are being counted for the first time. */
  people: Record<Family, number> | null;
}

const EVERY_MS = 2_000;
/** How often to ask for numbers that are being counted. */
const COUNTING_MS = 1_000;
const over = ['finished', 'cancelled', 'failed'];

/** One dispatch: people, then messages by reason, then names. */
export function DispatchPage() {
  const { dispatch: id = '' } = useParams({ strict: false });
  const interval = ({ state: { data } }: { state: { data: Dispatch | undefined } }) => {
    if (data === undefined || !over.includes(data.state)) return every(EVERY_MS);
    return data.counted_at === undefined ? false : COUNTING_MS;
  };
  const dispatch = useQuery({
    queryKey: ['dispatch', id],
    queryFn: ({ signal }) => read<Dispatch>(`dispatches/${encodeURIComponent(id)}`, signal),
    refetchInterval: interval,
  });
  const isOver = dispatch.data !== undefined && over.includes(dispatch.data.state);
  const people = useQuery({
    queryKey: ['dispatch', id, 'people', isOver],
    queryFn: ({ signal }) => read<People>(`dispatches/${encodeURIComponent(id)}/people`, signal),
    refetchInterval: ({ state: { data } }) => {
      if (data?.people === null) return COUNTING_MS;
      return isOver ? false : every(EVERY_MS);
    },
  });
  useTitle('Dispatch');
  return (
    <div className="page">
      <Loaded query={dispatch}>
        {(data) => (
          <>
            <Head dispatch={data} />
            <Loaded query={people} rows={2}>
              {({ people }) =>
                people === null ? (
                  <Waiting rows={2} said="Counting the people" />
                ) : (
                  <PeopleOf people={people} targeted={data.counts.targeted} isSoFar={data.expanded_at === null} />
                )
              }
            </Loaded>
            <Ledger dispatch={data} />
            <Recipients id={data.dispatch_id} channels={Object.keys(data.channels)} isOver={isOver} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function Head({ dispatch }: { dispatch: Dispatch }) {
  const { dispatch_id: id, state, accepted_at, finished_at, failure } = dispatch;
  return (
    <div className="row between wrap headrow">
      <div>
        <div className="crumb">
          <Link to="/dispatches">Dispatches</Link> / <code>{id}</code> <CopyButton text={id} what="the id" />
        </div>
        <div className="row gap16 wrap">
          <h1>{dispatch.campaign_name ?? dispatch.campaign_id ?? 'Dispatch without a campaign'}</h1>
          <DispatchState state={state} wait={isAllHeld(dispatch) ? HELD : undefined} failure={failure} />
        </div>
        <p className="md mut2">
          {dispatch.campaign_id !== undefined && (
            <>
              Campaign{' '}
              <Link to="/campaigns/$campaign" params={{ campaign: dispatch.campaign_id }}>
                <code>{dispatch.campaign_id}</code>
              </Link>
              , accepted <Time at={accepted_at} />
            </>
          )}
          {dispatch.campaign_id === undefined && (
            <>
              Accepted <Time at={accepted_at} />
            </>
          )}
          {finished_at !== null && (
            <>
              , over since <Time at={finished_at} />
            </>
          )}
          {failure !== undefined && <>. {failure}</>}
          {sayWaits(dispatch).map((said) => (
            <Fragment key={said}>. {said}</Fragment>
          ))}
        </p>
      </div>
      <Acts dispatch={dispatch} />
    </div>
  );
}

const HELD = { why: 'held by quiet hours', until: null };

/** Whether everything that is left waits for the end of quiet hours. */
function isAllHeld({ held, channels }: Dispatch): boolean {
  return held !== undefined && Object.values(channels).every(({ pending = 0, sending = 0 }) => pending + sending === 0);
}

/** What its messages wait for, and until when: one sentence each, without a full stop. */
function sayWaits({ waits = [], held, canary = {} }: Dispatch): string[] {
  const until = (at: string | null) => (at === null ? '' : ` until ${untilOf(new Date(at))}`);
  return [
    ...(held === undefined ? [] : [sayHeld(held)]),
    ...waits.map(
      ({ channel, why, until: at }) => `${channel === null ? '' : `${channelName(channel)}: `}${why}${until(at)}`,
    ),
    ...Object.entries(canary)
      .filter(([, { state }]) => state === 'running')
      .map(
        ([channel, { started }]) =>
          `${channelName(channel)}: the canary is watched, ${counted(started, 'message')} of it begun; the rest waits for its end`,
      ),
  ];
}

function sayHeld({ messages, first_until: first, last_until: last }: NonNullable<Dispatch['held']>): string {
  const held = `Quiet hours hold ${counted(messages, 'message')}`;
  if (first === null || last === null) return held;
  const [from, to] = [first, last].map((at) => untilOf(new Date(at)));
  return first === last ? `${held} until ${from}` : `${held}: the first until ${from}, the last until ${to}`;
}

function PeopleOf({
  people,
  targeted,
  isSoFar,
}: {
  people: Record<Family, number>;
  targeted: number | null;
  isSoFar: boolean;
}) {
  const all = families.reduce((sum, family) => sum + people[family], 0);
  return (
    <section className="sec" aria-labelledby="people">
      <h2 id="people" className="normal">
        <b>{counted(targeted ?? all, 'person', 'people')}</b>{' '}
        <span className="mut2">
          targeted{isSoFar ? ' so far' : ''}, each counted once, by the best of their channels
        </span>
      </h2>
      <VerdictBar counts={people} big />
      <div className="sum">
        {families.map((family) => (
          <div key={family}>
            <Verdict family={family} />
            <div className="big">{count(people[family])}</div>
            <div className="sm mut2">{isSoFar ? '' : share(people[family], all)}</div>
          </div>
        ))}
      </div>
    </section>
  );
}
