import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { channelName, sayTimes, untilOf } from '../../lib/say.ts';
import { type Family, familyOf, sayReason } from '../../lib/verdicts.ts';
import { sayWaiting } from '../../lib/waiting.ts';
import { Icon } from '../../parts/icon.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { Variation } from '../../parts/variation.tsx';
import { Verdict } from '../../parts/verdict.tsx';
import { gates } from './gates.ts';

interface Then {
  channel: string | null;
  message_variation_id?: string;
  status: string;
  reason: string | null;
  detail: string | null;
  address?: string | null;
  provider_code?: string | null;
  provider_message_id?: string | null;
  attempts?: number;
  next_attempt_at?: string | null;
  retried_after?: readonly { at: string; provider_code: string; detail: string | null }[];
  updated_at?: string;
}

interface Now {
  channel: string | null;
  status: string;
  reason: string | null;
  detail?: string | null;
  held_until?: string | null;
}

interface WhyAnswer {
  dispatch: { state: string; accepted_at: string; campaign_id: string | null; campaign_name?: string };
  recorded: Then[];
  now: Now[] | null;
  not_now: string | null;
}

interface Whose {
  person: string;
  dispatch: string;
  name: string;
  /** The person's time zone, by whose clock quiet hours end. */
  zone: string | undefined;
}

/** Why a person got a dispatch or not: what was recorded then, and what would come of it now. */
export function WhyPanel({ person, dispatch, name, zone }: Whose) {
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
                    {answer.dispatch.campaign_name ?? answer.dispatch.campaign_id ?? 'this dispatch'}
                  </Link>{' '}
                  · accepted <Time at={answer.dispatch.accepted_at} />
                </span>
                <Link className="copy" to="/people/$person" params={{ person }} aria-label="Close">
                  <Icon name="close" />
                </Link>
              </div>
              <h2 id="why">{sentenceOf(name, answer.recorded, zone)}</h2>
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
                zone={zone}
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

/** What may still arrive comes first, then what kept the message back; what did arrive is said with either. */
function sentenceOf(name: string, then: readonly Then[], zone: string | undefined): string {
  const of = (...some: readonly Family[]) => then.find(({ status, reason }) => some.includes(familyOf(status, reason)));
  const reached = then.filter(({ status }) => status === 'sent').map(({ channel }) => channelName(channel ?? ''));
  const got = reached.join(' and ');
  const also = reached.length === 0 ? '' : `. It did reach ${name} by ${got}`;
  const waiting = of('waiting');
  if (waiting !== undefined) return `${name}’s ${nounOf(waiting)} is ${sayWaiting(waiting, { zone })}${also}`;
  const missed = of('failed', 'kept');
  if (missed !== undefined) {
    const by = missed.channel === null ? '' : ` by ${channelName(missed.channel)}`;
    return `${name} did not get it${by}: ${missed.reason === null ? missed.status : sayReason(missed.reason)}${also}`;
  }
  const unclear = of('unclear');
  if (unclear !== undefined)
    return `Nobody knows whether ${name} got it by ${channelName(unclear.channel ?? '')}${also}`;
  return reached.length > 0 ? `${name} got it by ${got}` : `${name} was not meant`;
}

const nouns: Readonly<Record<string, string>> = { email: 'mail', webhook: 'webhook', content_card: 'content card' };

function nounOf({ channel }: Then): string {
  return channel === null ? 'message' : (nouns[channel] ?? channelName(channel));
}

/** A reason of the last gate: what waits for an attempt has no reason yet. */
const ATTEMPT = 'provider_refused';

interface GatesProps {
  then: Then;
  now: Now | null;
  notNow: string | null;
  zone: string | undefined;
}

/** The gates of one channel. The one that refused is open; those after it were not asked. */
function Gates({ then, now, notNow, zone }: GatesProps) {
  const waiting = sayWaiting(then, { zone });
  const isUntried = waiting !== null && then.status === 'pending' && then.reason === null && !then.attempts;
  const stopping = then.reason ?? (waiting === null ? '' : ATTEMPT);
  const stopped = gates.findIndex(({ reasons }) => reasons.includes(stopping));
  const stopsNow =
    now === null ? -1 : gates.findIndex(({ reasons }) => now.reason !== null && reasons.includes(now.reason));
  const stillOpen = isUntried ? 'not asked yet' : null;
  const family = familyOf(then.status, then.reason);
  const asked = then.channel === null ? gates.slice(0, 4) : gates;
  return (
    <>
      <div className="row wrap gap16 pad md whyhead">
        <b>{then.channel === null ? 'Before any channel' : channelName(then.channel)}</b>
        {then.message_variation_id !== undefined && <Variation id={then.message_variation_id} />}
        <Verdict family={family}>{then.status}</Verdict>
        {then.updated_at !== undefined && (
          <span className="mut2">
            {waiting === null ? 'decided' : 'since'} <Time at={then.updated_at} />
          </span>
        )}
        <span>
          Would it go out now?{' '}
          <b>{now === null ? `not known: ${notNow ?? 'no channel of the dry run fits'}` : sayNow(now, zone)}</b>
        </span>
      </div>
      <ul className="gates">
        <li className="gate hd">
          <span />
          <span>Question</span>
          <span>Then, as recorded</span>
          <span>Now, as a dry run says</span>
        </li>
        {asked.map(({ question, reasons }, index) => {
          const isStop = index === stopped;
          const isAfter = stopped >= 0 && index > stopped;
          const marks = [
            ...(isStop ? [`stop of-${family}`] : []),
            ...(isAfter ? ['after'] : []),
            ...(index === stopsNow ? ['now'] : []),
          ];
          return (
            <li key={question} className={['gate', ...marks].join(' ')}>
              {isStop ? (
                <span className={`v v-${family}`}>
                  <Icon name={family} />
                </span>
              ) : (
                <span className="mut2">{!isAfter && stillOpen === null && <Icon name="reached" />}</span>
              )}
              <span className="g">{question}</span>
              <span className={isAfter ? 'nota' : ''}>
                {isStop ? (waiting ?? said(then)) : isAfter ? 'not asked' : (stillOpen ?? passed(then, reasons))}
              </span>
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
      {then.retried_after?.map(({ at, provider_code: code, detail }) => (
        <p key={at} className="pad md mut2">
          Tried again after <Time at={at} />: {detail ?? code}
        </p>
      ))}
    </>
  );
}

function sayNow({ status, held_until: until = null }: Now, zone: string | undefined): string {
  if (status === 'would_be_sent') return 'Yes';
  return status === 'would_be_held' && until !== null ? `Not before ${untilOf(new Date(until), { zone })}` : 'No';
}

function said({ reason, detail = null }: Pick<Now, 'reason' | 'detail'>): string {
  return `No: ${detail === null ? (reason === null ? '' : sayReason(reason)) : sayTimes(detail)}`;
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
