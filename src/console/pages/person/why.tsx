import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { channelName } from '../../lib/say.ts';
import { familyOf, sayReason } from '../../lib/verdicts.ts';
import { Icon } from '../../parts/icon.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { Verdict } from '../../parts/verdict.tsx';
import { gates } from './gates.ts';

interface Then {
  channel: string | null;
  status: string;
  reason: string | null;
  detail: string | null;
  address?: string | null;
  provider_code?: string | null;
  provider_message_id?: string | null;
  updated_at?: string;
}

interface Now {
  channel: string | null;
  status: string;
  reason: string | null;
  detail?: string | null;
}

interface WhyAnswer {
  dispatch: { state: string; accepted_at: string; campaign_id: string | null };
  recorded: Then[];
  now: Now[] | null;
  not_now: string | null;
}

/** Why a person got a dispatch or not: what was recorded then, and what would come of it now. */
export function WhyPanel({ person, dispatch, name }: { person: string; dispatch: string; name: string }) {
  const why = useQuery({
    queryKey: ['why', person, dispatch],
    queryFn: ({ signal }) =>
      read<WhyAnswer>(`people/${person}/why?dispatch_id=${encodeURIComponent(dispatch)}`, signal),
  });
  return (
    <section className="why" aria-labelledby="why">
      <Loaded query={why}>
        {(answer) => (
          <>
            <div className="q">
              <div className="row between">
                <span className="sm mut">
                  Why? ·{' '}
                  <Link to="/dispatches/$dispatch" params={{ dispatch }}>
                    {answer.dispatch.campaign_id ?? 'this dispatch'}
                  </Link>{' '}
                  · accepted <Time at={answer.dispatch.accepted_at} />
                </span>
                <Link className="copy" to="/people/$person" params={{ person }} aria-label="Close">
                  <Icon name="close" />
                </Link>
              </div>
              <h2 id="why">{sentenceOf(name, answer.recorded)}</h2>
            </div>
            {answer.recorded.length === 0 && (
              <p className="pad md">The ledger has nothing of this person in this dispatch.</p>
            )}
            {answer.recorded.map((verdict) => (
              <Gates
                key={verdict.channel ?? 'none'}
                then={verdict}
                now={nowOf(answer, verdict.channel)}
                notNow={answer.not_now}
              />
            ))}
          </>
        )}
      </Loaded>
    </section>
  );
}

function nowOf({ now }: WhyAnswer, channel: string | null): Now | null {
  return now?.find((one) => one.channel === channel) ?? now?.find((one) => one.channel === null) ?? null;
}

function sentenceOf(name: string, then: readonly Then[]): string {
  const reached = then.filter(({ status }) => status === 'sent').map(({ channel }) => channelName(channel ?? ''));
  const missed = then.filter(({ status, reason }) => ['failed', 'kept'].includes(familyOf(status, reason)));
  const [first] = missed;
  if (first === undefined)
    return reached.length > 0
      ? `${name} got it by ${reached.join(' and ')}`
      : `${name} was not decided yet, or was not meant`;
  const why = `${first.reason === null ? first.status : sayReason(first.reason)}`;
  const by = first.channel === null ? '' : ` by ${channelName(first.channel)}`;
  return reached.length === 0
    ? `${name} did not get it${by}: ${why}`
    : `${name} did not get it${by}: ${why}. It did reach ${name} by ${reached.join(' and ')}`;
}

/** The gates of one channel. The one that refused is open; those after it were not asked. */
function Gates({ then, now, notNow }: { then: Then; now: Now | null; notNow: string | null }) {
  const stopped = gates.findIndex(({ reasons }) => then.reason !== null && reasons.includes(then.reason));
  const stopsNow =
    now === null ? -1 : gates.findIndex(({ reasons }) => now.reason !== null && reasons.includes(now.reason));
  const family = familyOf(then.status, then.reason);
  const asked = then.channel === null ? gates.slice(0, 4) : gates;
  return (
    <>
      <div className="row wrap gap16 pad md whyhead">
        <b>{then.channel === null ? 'Before any channel' : channelName(then.channel)}</b>
        <Verdict family={family}>{then.status}</Verdict>
        {then.updated_at !== undefined && (
          <span className="mut2">
            decided <Time at={then.updated_at} />
          </span>
        )}
        <span>
          Would it go out now?{' '}
          <b>
            {now === null
              ? `not known: ${notNow ?? 'no channel of the dry run fits'}`
              : now.status === 'would_be_sent'
                ? 'Yes'
                : 'No'}
          </b>
        </span>
      </div>
      <ul className="gates">
        {asked.map(({ question, reasons }, index) => {
          const isStop = index === stopped;
          const isAfter = stopped >= 0 && index > stopped;
          return (
            <li key={question} className={`gate${isStop ? ' stop' : ''}${isAfter ? ' after' : ''}`}>
              {isStop ? (
                <span className={`v v-${family}`}>
                  <Icon name={family} />
                </span>
              ) : (
                <span className="mut2">{!isAfter && <Icon name="reached" />}</span>
              )}
              <span className="g">{question}</span>
              <span>{isStop ? said(then) : isAfter ? 'not asked' : passed(then, reasons)}</span>
              <span className="lbl mut2" data-l="Now:">
                {now === null
                  ? '–'
                  : index === stopsNow
                    ? said(now)
                    : stopsNow >= 0 && index > stopsNow
                      ? 'not asked'
                      : 'passes'}
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function said({ reason, detail = null }: Pick<Now, 'reason' | 'detail'>): string {
  return `No: ${detail ?? (reason === null ? '' : sayReason(reason))}`;
}

/** What was recorded of a gate that let it pass. */
function passed({ address, status, provider_code, provider_message_id }: Then, reasons: readonly string[]): string {
  if (reasons.includes('no_address') && address) return address;
  if (reasons.includes('provider_refused')) {
    if (status !== 'sent') return status;
    return ['yes', provider_code, provider_message_id].filter((part) => part).join(' · ');
  }
  return 'passed';
}
