import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Fragment } from 'react';
import { read } from '../../lib/api.ts';
import { every } from '../../lib/live.ts';
import { channelName, count, counted, share } from '../../lib/say.ts';
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
  segment_id?: string;
  state: string;
  accepted_at: string;
  finished_at: string | null;
  failure?: string;
  /** What its messages wait for although nothing is wrong. */
  waits?: readonly { channel: string | null; why: string }[];
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
  const { dispatch_id: id, campaign_id: campaign, state, accepted_at, finished_at, failure, waits = [] } = dispatch;
  return (
    <div className="row between wrap headrow">
      <div>
        <div className="crumb">
          <Link to="/dispatches">Dispatches</Link> / <code>{id}</code> <CopyButton text={id} what="the id" />
        </div>
        <div className="row gap16 wrap">
          <h1>{campaign ?? 'Dispatch without a campaign'}</h1>
          <DispatchState state={state} />
        </div>
        <p className="md mut2">
          Accepted <Time at={accepted_at} />
          {finished_at !== null && (
            <>
              , over since <Time at={finished_at} />
            </>
          )}
          {failure !== undefined && <>. {failure}</>}
          {waits.map(({ channel, why }) => (
            <Fragment key={`${channel} ${why}`}>
              . {channel === null ? why : `${channelName(channel)}: ${why}`}
            </Fragment>
          ))}
        </p>
      </div>
      <Acts dispatch={dispatch} />
    </div>
  );
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
