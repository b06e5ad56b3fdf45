import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { read, urlOf } from '../../lib/api.ts';
import { every } from '../../lib/live.ts';
import { channelName, counted } from '../../lib/say.ts';
import { queryOf } from '../../lib/search.ts';
import { useTitle } from '../../lib/title.ts';
import { CopyButton } from '../../parts/copy.tsx';
import { Failure, Loaded } from '../../parts/loaded.tsx';
import { Frame, type OutboxMessage } from '../../parts/message/frame.tsx';
import { Time } from '../../parts/time.tsx';
import { FirstSend } from '../home/first-send.tsx';

interface Entry {
  dispatch_id: string;
  braze_id: string | null;
  external_id: string | null;
  name: string | null;
  channels: string[];
  campaign_id: string | null;
  delivered_at: string;
}

interface Page {
  entries: Entry[];
  next_cursor?: string;
}

const EVERY_MS = 3_000;

/** What people got of each dispatch, of messages without a provider. New ones wait at the top until they are asked for. */
export function Outbox() {
  const { dispatch = '', person = '' } = useParams({ strict: false });
  const list = useInfiniteQuery({
    queryKey: ['outbox'],
    queryFn: ({ pageParam, signal }) => read<Page>(`outbox${queryOf({ limit: 50, cursor: pageParam })}`, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
  useTitle('Outbox');
  const entries = list.data?.pages.flatMap((page) => page.entries) ?? [];
  if (list.data !== undefined && entries.length === 0)
    return (
      <div className="page">
        <h1>The outbox is empty</h1>
        <p className="mut2">Messages of channels without a provider stand here, as people would see them.</p>
        <FirstSend />
        <NewOnes newest="" onShow={() => list.refetch()} />
      </div>
    );
  const isOpen = dispatch !== '';
  return (
    <>
      <h1 className="sr">Outbox</h1>
      <div className="tri duo">
        <section className={`lst${isOpen ? ' has' : ''}`} aria-label="Messages">
          {list.error !== null && <Failure error={list.error} retry={() => list.refetch()} />}
          <NewOnes newest={keyOf(entries[0])} onShow={() => list.refetch()} />
          {entries.map((entry) => (
            <Item
              key={keyOf(entry)}
              entry={entry}
              isCurrent={entry.dispatch_id === dispatch && entry.braze_id === person}
            />
          ))}
          {list.hasNextPage && (
            <p className="pad">
              <button
                type="button"
                className="btn"
                onClick={() => list.fetchNextPage()}
                disabled={list.isFetchingNextPage}
              >
                Show more
              </button>
            </p>
          )}
        </section>
        {isOpen ? (
          <Shown key={`${dispatch} ${person}`} dispatch={dispatch} person={person} />
        ) : (
          <p className="stage mut2 not-phone">Choose a message.</p>
        )}
      </div>
    </>
  );
}

function keyOf(entry: Entry | undefined): string {
  return entry === undefined ? '' : `${entry.dispatch_id} ${entry.braze_id} ${entry.external_id}`;
}

/** Nothing moves under the pointer: new ones are counted here, and shown when one asks for them. */
function NewOnes({ newest, onShow }: { newest: string; onShow: () => void }) {
  const { data } = useQuery({
    queryKey: ['outbox', 'newest'],
    queryFn: ({ signal }) => read<Page>('outbox?limit=20', signal),
    refetchInterval: () => every(EVERY_MS),
  });
  const found = data?.entries.findIndex((entry) => keyOf(entry) === newest) ?? 0;
  const many = found < 0 ? (data?.entries.length ?? 0) : found;
  if (many === 0) return null;
  return (
    <div className="bar0">
      <button type="button" className="btn" onClick={onShow}>
        {many} new
      </button>
    </div>
  );
}

function Item({ entry, isCurrent }: { entry: Entry; isCurrent: boolean }) {
  const { dispatch_id, braze_id, name, external_id, channels, campaign_id, delivered_at } = entry;
  const who = name ?? external_id ?? 'a deleted person';
  const inside = (
    <>
      <span className="t">
        <b>{who}</b> {campaign_id !== null && <span className="mut">{campaign_id}</span>}
      </span>
      <span className="w">
        <Time at={delivered_at} />
      </span>
      <span className="ch">{channels.map(channelName).join(' · ')}</span>
    </>
  );
  if (braze_id === null) return <div className="it">{inside}</div>;
  return (
    <Link
      className="it"
      to="/outbox/$dispatch/$person"
      params={{ dispatch: dispatch_id, person: braze_id }}
      {...(isCurrent && { 'aria-current': 'true' as const })}
    >
      {inside}
    </Link>
  );
}

function Shown({ dispatch, person }: { dispatch: string; person: string }) {
  const path = `outbox/${encodeURIComponent(dispatch)}/${encodeURIComponent(person)}`;
  const [chosen, setChosen] = useState<string | null>(null);
  const messages = useQuery({
    queryKey: ['outbox', dispatch, person],
    queryFn: ({ signal }) => read<{ messages: OutboxMessage[] }>(path, signal),
  });
  return (
    <Loaded query={messages}>
      {({ messages }) => {
        const raw = messages.find(({ channel }) => channel === chosen) ?? messages[0];
        return (
          <>
            <section className="stage" aria-label="As it was received">
              <p className="row wrap gap16 md">
                <Link to="/outbox" className="only-phone">
                  All messages
                </Link>
                <Link to="/people/$person" params={{ person }} search={{ why: dispatch }}>
                  The person
                </Link>
                <Link to="/dispatches/$dispatch" params={{ dispatch }}>
                  The dispatch
                </Link>
                <span className="mut">{counted(messages.length, 'message')}</span>
              </p>
              {messages.map((message) => (
                <Frame
                  key={message.channel}
                  message={message}
                  mailUrl={urlOf(`${path}/mail`)}
                  isChosen={message === raw}
                  onChoose={() => setChosen(message.channel)}
                />
              ))}
            </section>
            <section aria-label="Raw payload">
              {raw !== undefined && (
                <>
                  <div className="rawh row between">
                    <h2>Raw, {channelName(raw.channel)}</h2>
                    <CopyButton text={JSON.stringify(raw.message, null, 2)} what="the payload" />
                  </div>
                  <pre className="json raw">{JSON.stringify(raw.message, null, 2)}</pre>
                </>
              )}
            </section>
          </>
        );
      }}
    </Loaded>
  );
}
