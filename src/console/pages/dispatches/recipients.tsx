import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { every } from '../../lib/live.ts';
import { channelName, counted } from '../../lib/say.ts';
import { queryOf, type Search } from '../../lib/search.ts';
import { familyOf, sayWhy } from '../../lib/verdicts.ts';
import { Icon } from '../../parts/icon.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Variation } from '../../parts/variation.tsx';
import { Verdict } from '../../parts/verdict.tsx';
import { Views } from '../../parts/views.tsx';

export interface Recipient {
  external_id: string | null;
  braze_id?: string | null;
  user_aliases: { alias_name: string; alias_label: string }[];
  email?: string;
  channel: string | null;
  message_variation_id?: string;
  status: string;
  reason: string | null;
  detail: string | null;
  address?: string | null;
  provider_code?: string | null;
  attempts?: number;
  next_attempt_at?: string | null;
}

const statuses = [
  'pending',
  'sending',
  'sent',
  'unknown',
  'failed',
  'bounced',
  'expired',
  'skipped',
  'aborted',
  'cancelled',
];
const EVERY_MS = 5_000;

/** The verdict of each person and channel. What is asked for stands in the URL. */
export function Recipients({ id, channels, isOver }: { id: string; channels: readonly string[]; isOver: boolean }) {
  const { channel = '', status = '', q = '' }: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const apply = (search: Search) =>
    navigate({ to: '/dispatches/$dispatch', params: { dispatch: id }, search, replace: true });
  const set = (name: string, value: string) => apply({ channel, status, q, [name]: value });
  const list = useInfiniteQuery({
    queryKey: ['dispatch', id, 'recipients', channel, status, q],
    queryFn: ({ pageParam, signal }) =>
      read<{ recipients: Recipient[]; next_cursor?: string }>(
        `dispatches/${id}/recipients${queryOf({ channel, status, external_id: q, limit: 100, cursor: pageParam })}`,
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: (query) => (isOver || query.state.data?.pages.length !== 1 ? false : every(EVERY_MS)),
  });
  return (
    <section className="sec" aria-labelledby="recipients">
      <h2 id="recipients">Recipients</h2>
      <div className="row wrap gap16 md">
        <label className="row">
          <span className="lab">Channel</span>
          <select className="pick1" value={channel} onChange={({ target }) => set('channel', target.value)}>
            <option value="">all</option>
            {channels.map((one) => (
              <option key={one} value={one}>
                {channelName(one)}
              </option>
            ))}
          </select>
        </label>
        <label className="row">
          <span className="lab">Status</span>
          <select className="pick1" value={status} onChange={({ target }) => set('status', target.value)}>
            <option value="">all</option>
            {statuses.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <label className="row">
          <span className="lab">External id</span>
          <input
            className="pick1"
            defaultValue={q}
            onKeyDown={({ key, currentTarget }) => key === 'Enter' && set('q', currentTarget.value.trim())}
            onBlur={({ target }) => target.value.trim() !== q && set('q', target.value.trim())}
          />
        </label>
        {(channel !== '' || status !== '' || q !== '') && (
          <Link className="chip" to="/dispatches/$dispatch" params={{ dispatch: id }}>
            All recipients <Icon name="close" />
          </Link>
        )}
      </div>
      <Views
        list="recipients"
        filter={{ channel, status }}
        apply={apply}
        {...(q !== '' && { note: 'The external id is not saved: views name no person.' })}
      />
      <Rows
        list={list}
        rowsOf={(page) => page.recipients}
        columns={columnsOf(id)}
        keyOf={(row) => `${row.braze_id ?? nameOf(row)} ${row.channel}`}
        className="stk peo"
        none="Nobody fits."
        say={(rows) => counted(rows, 'row')}
      />
    </section>
  );
}

function columnsOf(id: string): readonly Column<Recipient>[] {
  return [
    {
      head: 'Person',
      cell: (row) =>
        row.braze_id ? (
          <Link to="/people/$person" params={{ person: row.braze_id }} search={{ why: id }}>
            {nameOf(row)}
          </Link>
        ) : (
          nameOf(row)
        ),
    },
    {
      head: 'Channel',
      cell: ({ channel, message_variation_id: variation }) => (
        <>
          {channel === null ? <span className="mut">none</span> : channelName(channel)}
          {variation !== undefined && <Variation id={variation} />}
        </>
      ),
    },
    {
      head: 'Verdict',
      cell: ({ status, reason }) => <Verdict family={familyOf(status, reason)}>{status}</Verdict>,
    },
    {
      head: 'Why',
      className: 'l2 mut2',
      cell: (row) => sayWhy(row),
    },
  ];
}

function nameOf({ external_id, user_aliases, email, braze_id }: Recipient): string {
  return external_id ?? user_aliases[0]?.alias_name ?? email ?? braze_id ?? 'a deleted person';
}
