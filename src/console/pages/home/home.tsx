import { useQuery } from '@tanstack/react-query';
import { read } from '../../lib/api.ts';
import { every } from '../../lib/live.ts';
import { count, counted } from '../../lib/say.ts';
import { useTitle } from '../../lib/title.ts';
import { familyOf, sayReason } from '../../lib/verdicts.ts';
import { DispatchLink } from '../../parts/dispatch-link.tsx';
import { DispatchState, type DispatchWait } from '../../parts/dispatch-state.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Loaded, Waiting } from '../../parts/loaded.tsx';
import { Since, Time } from '../../parts/time.tsx';
import { FirstSend } from './first-send.tsx';
import { type DayCounts, Today } from './today.tsx';
import { type Trouble, useTroubles } from './troubles.ts';

export interface ListedDispatch {
  dispatch_id: string;
  campaign_id?: string;
  campaign_name?: string;
  state: string;
  waits?: readonly DispatchWait[];
  broadcast: boolean;
  channels: string[];
  accepted_at: string;
  finished_at: string | null;
  failure?: string;
  counts: { targeted: number | null };
}

interface HomeAnswer {
  recent: ListedDispatch[];
  today: DayCounts;
}

const EVERY_MS = 5_000;
/** How often to ask for numbers that are being counted. */
const COUNTING_MS = 1_000;

/** What is wrong and since when, what was sent today, and what was accepted last. */
export function Home() {
  const troubles = useTroubles();
  const home = useQuery({
    queryKey: ['home'],
    queryFn: ({ signal }) => read<HomeAnswer>('home', signal),
    refetchInterval: ({ state: { data } }) => (data?.today.is_counting ? COUNTING_MS : every(EVERY_MS)),
  });
  useTitle('Home');
  return (
    <div className="page">
      <Loaded query={troubles} rows={1}>
        {({ troubles }) => <Troubles troubles={troubles} />}
      </Loaded>
      <Loaded query={home}>
        {({ recent, today }) =>
          recent.length === 0 ? (
            <FirstSend />
          ) : (
            <>
              <Today {...today} />
              <div className="two">
                <Recent dispatches={recent} />
                <Refusals {...today} />
              </div>
            </>
          )
        }
      </Loaded>
    </div>
  );
}

function Troubles({ troubles }: { troubles: readonly Trouble[] }) {
  const red = troubles.filter(({ severity }) => severity === 'red').length;
  if (troubles.length === 0)
    return (
      <div className="state">
        <span className="v v-reached">
          <Icon name="reached" />
        </span>
        <h1>Nothing is wrong</h1>
      </div>
    );
  const keeps =
    red === 0 ? 'nobody is kept from a message' : `${red} ${red === 1 ? 'keeps' : 'keep'} messages from people`;
  return (
    <div>
      <h1 aria-live="polite">{`${counted(troubles.length, 'thing is', 'things are')} wrong, ${keeps}`}</h1>
      <div className="troubles">
        {troubles.map((trouble) => (
          <TroubleOf key={`${trouble.title} ${trouble.detail}`} trouble={trouble} />
        ))}
      </div>
    </div>
  );
}

function TroubleOf({ trouble: { severity, title, detail, since, waiting, next_try_at } }: { trouble: Trouble }) {
  return (
    <article className="trouble">
      <span className={severity === 'red' ? 'v v-failed' : 'v v-warn'}>
        <Icon name={severity === 'red' ? 'failed' : 'warning'} />
      </span>
      <h2>{title}</h2>
      <div className="since">
        {since !== null && (
          <>
            <b>
              since <Time at={since} />
            </b>{' '}
            · <Since at={since} />
          </>
        )}
      </div>
      <p>
        {waiting !== null &&
          `${counted(waiting.dispatches, 'dispatch waits', 'dispatches wait')}, to ${counted(waiting.people, 'person', 'people')}; none is lost. `}
        {withStop(detail)}
        {next_try_at !== null && (
          <>
            {' '}
            Next try at <Time at={next_try_at} />.
          </>
        )}
      </p>
    </article>
  );
}

/** What another server says seldom ends like a sentence. */
function withStop(detail: string): string {
  return /[.!?…]$/.test(detail) ? detail : `${detail}.`;
}

function Recent({ dispatches }: { dispatches: readonly ListedDispatch[] }) {
  return (
    <section className="sec" aria-labelledby="recent">
      <div className="sh">
        <h2 id="recent">Accepted last</h2>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">Dispatch</th>
            <th scope="col">State</th>
            <th scope="col" className="n">
              People
            </th>
          </tr>
        </thead>
        <tbody>
          {dispatches.map(({ accepted_at, counts, ...dispatch }) => (
            <tr key={dispatch.dispatch_id}>
              <td>
                <DispatchLink {...dispatch} />{' '}
                <span className="sub">
                  <Time at={accepted_at} />
                </span>
              </td>
              <td>
                <DispatchState state={dispatch.state} wait={dispatch.waits?.[0]} failure={dispatch.failure} />
              </td>
              <td className="n">{counts.targeted === null ? '–' : count(counts.targeted)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const MOST_REASONS = 8;

/** The reasons for which people did not get a message today, the most frequent first. */
function Refusals({ counted_at, is_counting, rows }: DayCounts) {
  const totals = new Map<string, number>();
  for (const { status, reason, count: many } of rows) {
    const family = familyOf(status, reason);
    if (reason !== null && (family === 'failed' || family === 'kept'))
      totals.set(reason, (totals.get(reason) ?? 0) + many);
  }
  const most = [...totals].sort(([, one], [, other]) => other - one).slice(0, MOST_REASONS);
  return (
    <section className="sec" aria-labelledby="refusals">
      <div className="sh">
        <h2 id="refusals">Frequent reasons today</h2>
      </div>
      {is_counting && <Waiting rows={3} said="Counting" />}
      {counted_at === null ? null : most.length === 0 ? (
        <p className="mut md">Nobody was left out today.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Why somebody got no message</th>
              <th scope="col" className="n">
                Messages
              </th>
            </tr>
          </thead>
          <tbody>
            {most.map(([reason, total]) => (
              <tr key={reason}>
                <td>
                  {sayReason(reason)} <code className="mut">{reason}</code>
                </td>
                <td className="n">{count(total)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
