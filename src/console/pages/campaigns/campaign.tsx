import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { channelName, count, counted } from '../../lib/say.ts';
import { queryOf, type Search } from '../../lib/search.ts';
import { useTitle } from '../../lib/title.ts';
import { DispatchState, type DispatchWait } from '../../parts/dispatch-state.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import './campaigns.css';
import { Days } from './days.tsx';
import { Spans, spanOf } from './spans.tsx';
import { type Day, type NamedVariations, totalsOf } from './statistics.ts';
import { Variations } from './variations.tsx';

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
  messages: NamedVariations;
  /** Percent of the people who get nothing. Absent: nobody. */
  control_share?: number;
}

/** A campaign: what each variation sent and what came of it, in the same columns, so that they compare. */
export function CampaignPage() {
  const { campaign = '' } = useParams({ strict: false });
  const { days }: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const length = spanOf(days);
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
      <Spans
        chosen={length}
        choose={(one) =>
          navigate({ to: '/campaigns/$campaign', params: { campaign }, search: { days: one }, replace: true })
        }
      />
      <Loaded query={series}>
        {({ data }) => (
          <>
            <Variations totals={totalsOf(data)} named={details.data?.messages ?? {}} />
            <Days days={data} />
          </>
        )}
      </Loaded>
      <Dispatches campaign={campaign} hasControl={details.data?.control_share !== undefined} />
    </div>
  );
}

function Head({ details, id }: { details: Details; id: string }) {
  const { name, description, archived, enabled, schedule_type, channels, tags, first_sent, last_sent } = details;
  const { control_share: control } = details;
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
        {control !== undefined && (
          <>
            <dt>control group</dt>
            <dd>{control} % of the people, who get nothing</dd>
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
  waits?: readonly DispatchWait[];
  failure?: string;
  counts: { targeted: number | null };
}

const NEWEST = 10;

/** Its newest dispatches. */
function Dispatches({ campaign, hasControl }: { campaign: string; hasControl: boolean }) {
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
            <table className="stk">
              <tbody>
                {dispatches.map(({ dispatch_id: id, state, accepted_at, counts, waits, failure }) => (
                  <tr key={id}>
                    <td>
                      <Link to="/dispatches/$dispatch" params={{ dispatch: id }}>
                        <Time at={accepted_at} />
                      </Link>
                    </td>
                    <td>
                      <DispatchState state={state} wait={waits?.[0]} failure={failure} />
                    </td>
                    <td className="n">
                      {counts.targeted === null ? '–' : counted(counts.targeted, 'person', 'people')}
                    </td>
                    {hasControl && (
                      <td className="n l2 mut2">
                        <ControlGroup dispatch={id} />
                      </td>
                    )}
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

/** How many people of a dispatch are in the control group: the same on each channel that could reach them. */
function ControlGroup({ dispatch }: { dispatch: string }) {
  const counts = useQuery({
    queryKey: ['dispatch', dispatch],
    queryFn: ({ signal }) =>
      read<{ channels: Record<string, Record<string, number>> }>(`dispatches/${dispatch}`, signal),
  });
  if (counts.data === undefined) return null;
  const most = Math.max(0, ...Object.values(counts.data.channels).map(({ control_group: many = 0 }) => many));
  return <>{count(most)} in the control group</>;
}
