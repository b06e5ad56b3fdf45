import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { channelName, count, counted } from '../../lib/say.ts';
import { queryOf, type Search } from '../../lib/search.ts';
import { useTitle } from '../../lib/title.ts';
import { DispatchState } from '../../parts/dispatch-state.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import './campaigns.css';
import { type Day, rateOf, sentOn, totalsOf, type VariationTotals } from './statistics.ts';

interface Details {
  name: string;
  description: string;
  archived: boolean;
  enabled: boolean;
  schedule_type: string;
  channels: readonly string[];
  tags: readonly string[];
  first_sent: string | null;
  last_sent: string | null;
  messages: Readonly<Record<string, { channel: string; name: string }>>;
}

const spans = ['7', '30', '90'] as const;

/** A campaign: what each variation sent and what came of it, in the same columns, so that they compare. */
export function CampaignPage() {
  const { campaign = '' } = useParams({ strict: false });
  const { days = '30' }: Search = useSearch({ strict: false });
  const length = spans.find((one) => one === days) ?? '30';
  const asked = { campaign_id: campaign };
  const details = useQuery({
    queryKey: ['campaign', campaign],
    queryFn: ({ signal }) => read<Details>(`campaigns/details${queryOf(asked)}`, signal),
  });
  const series = useQuery({
    queryKey: ['campaign', campaign, length],
    queryFn: ({ signal }) => read<{ data: Day[] }>(`campaigns/data_series${queryOf({ ...asked, length })}`, signal),
  });
  useTitle(details.data?.name ?? 'Campaign');
  return (
    <div className="page">
      <Loaded query={details}>{(data) => <Head details={data} id={campaign} />}</Loaded>
      <Span chosen={length} campaign={campaign} />
      <Loaded query={series}>
        {({ data }) => (
          <>
            <Variations totals={totalsOf(data)} named={details.data?.messages ?? {}} />
            <Days days={data} />
          </>
        )}
      </Loaded>
      <Dispatches campaign={campaign} />
    </div>
  );
}

function Head({ details, id }: { details: Details; id: string }) {
  const { name, description, archived, enabled, schedule_type, channels, tags, first_sent, last_sent } = details;
  return (
    <>
      <h1>{name}</h1>
      {description !== '' && <p className="mut2">{description}</p>}
      <dl className="kv">
        <dt>id</dt>
        <dd>
          <code>{id}</code>
        </dd>
        <dt>kind</dt>
        <dd>
          {schedule_type.replaceAll('_', ' ')}
          {archived ? ', archived' : !enabled && ', paused'}
        </dd>
        {channels.length > 0 && (
          <>
            <dt>channels</dt>
            <dd>{channels.map(channelName).join(', ')}</dd>
          </>
        )}
        {tags.length > 0 && (
          <>
            <dt>tags</dt>
            <dd>{tags.join(', ')}</dd>
          </>
        )}
        <dt>sent</dt>
        <dd>
          {first_sent === null || last_sent === null ? (
            'never'
          ) : (
            <>
              <Time at={first_sent} /> to <Time at={last_sent} />
            </>
          )}
        </dd>
      </dl>
    </>
  );
}

interface Dispatched {
  dispatch_id: string;
  state: string;
  accepted_at: string;
  counts: { targeted: number | null };
}

const NEWEST = 10;

/** Its newest dispatches. */
function Dispatches({ campaign }: { campaign: string }) {
  const list = useQuery({
    queryKey: ['campaign', campaign, 'dispatches'],
    queryFn: ({ signal }) =>
      read<{ dispatches: Dispatched[] }>(`dispatches${queryOf({ campaign_id: campaign, limit: NEWEST })}`, signal),
  });
  return (
    <section className="sec" aria-labelledby="dispatches">
      <h2 id="dispatches">Newest dispatches</h2>
      <Loaded query={list}>
        {({ dispatches }) =>
          dispatches.length === 0 ? (
            <p className="mut2">None yet.</p>
          ) : (
            <table>
              <tbody>
                {dispatches.map(({ dispatch_id: id, state, accepted_at, counts }) => (
                  <tr key={id}>
                    <td>
                      <Link to="/dispatches/$dispatch" params={{ dispatch: id }}>
                        <Time at={accepted_at} />
                      </Link>
                    </td>
                    <td>
                      <DispatchState state={state} />
                    </td>
                    <td className="n">
                      {counts.targeted === null ? '–' : counted(counts.targeted, 'person', 'people')}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
    </section>
  );
}

function Span({ chosen, campaign }: { chosen: string; campaign: string }) {
  const navigate = useNavigate();
  const go = (days: string) =>
    navigate({ to: '/campaigns/$campaign', params: { campaign }, search: { days }, replace: true });
  return (
    <div className="seg">
      {spans.map((days) => (
        <button key={days} type="button" aria-pressed={days === chosen} onClick={() => go(days)}>
          {days} days
        </button>
      ))}
    </div>
  );
}

/** "not reported" is what nobody tells; 0 is told. */
function Told({ value, rate = '' }: { value: number | null; rate?: string }) {
  if (value === null) return <span className="mut">not reported</span>;
  return (
    <>
      {count(value)} {rate !== '' && <span className="mut">{rate}</span>}
    </>
  );
}

const columns = [
  { name: 'Variation', more: '' },
  { name: 'Sent', more: 'n' },
  { name: 'Delivered', more: 'n p2' },
  { name: 'Opened', more: 'n' },
  { name: 'Clicked', more: 'n' },
  { name: 'Left', more: 'n p2' },
  { name: 'Failed', more: 'n' },
];

function Variations({ totals, named }: { totals: readonly VariationTotals[]; named: Details['messages'] }) {
  if (totals.length === 0) return <p className="mut2">It has no variation, so there is nothing to count.</p>;
  return (
    <section className="sec" aria-labelledby="variations">
      <h2 id="variations">
        By variation <span className="mut">opened and clicked by people</span>
      </h2>
      <div>
        <table className="variations">
          <thead>
            <tr>
              {columns.map(({ name, more }) => (
                <th key={name} scope="col" className={more}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {totals.map((one) => (
              <tr key={`${one.channel} ${one.id}`}>
                <th scope="row">
                  {named[one.id]?.name ?? one.id} <span className="mut">{channelName(one.channel)}</span>
                </th>
                <td className="n">{count(one.sent)}</td>
                <td className="n p2">
                  <Told value={one.delivered} />
                </td>
                <td className="n">
                  <Told value={one.opened} rate={rateOf(one.opened, one)} />
                </td>
                <td className="n">
                  <Told value={one.clicked} rate={rateOf(one.clicked, one)} />
                </td>
                <td className="n p2">
                  <Told value={one.left} />
                </td>
                <td className="n">
                  <Told value={one.failed} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Machines totals={totals} named={named} />
    </section>
  );
}

/** What programs opened and clicked: apart, and in no rate. */
function Machines({ totals, named }: { totals: readonly VariationTotals[]; named: Details['messages'] }) {
  const some = totals.filter(({ machineOpens, machineClicks }) => machineOpens + machineClicks > 0);
  if (some.length === 0) return <p className="sm mut">Nothing was opened or clicked by machines.</p>;
  return (
    <ul className="machines sm mut2">
      {some.map(({ id, machineOpens, machineClicks }) => (
        <li key={id}>
          {named[id]?.name ?? id}: machines opened {count(machineOpens)} and clicked {count(machineClicks)}; they are in
          no number above.
        </li>
      ))}
    </ul>
  );
}

/** Days on which something was sent. The bars share one scale; the numbers stand beside them. */
function Days({ days }: { days: readonly Day[] }) {
  const rows = days.map((day) => ({ time: day.time, sent: sentOn(day), people: day.unique_recipients }));
  const busy = rows.filter(({ sent, people }) => sent > 0 || people > 0).reverse();
  const most = Math.max(1, ...busy.map(({ sent }) => sent));
  if (busy.length === 0) return <p className="mut2">Nothing was sent in these days.</p>;
  return (
    <section className="sec" aria-labelledby="days">
      <h2 id="days">By day, UTC</h2>
      <table className="days">
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col" className="n">
              People
            </th>
            <th scope="col" className="n">
              Messages
            </th>
            <th scope="col" className="p2">
              <span className="sr">Share of the busiest day</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {busy.map(({ time, sent, people }) => (
            <tr key={time}>
              <th scope="row">{time}</th>
              <td className="n">{count(people)}</td>
              <td className="n">{count(sent)}</td>
              <td className="p2">
                <span className="daybar" aria-hidden="true" style={{ width: `${(sent / most) * 100}%` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
