import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { channelName } from '../../lib/say.ts';
import type { Search } from '../../lib/search.ts';
import { useTitle } from '../../lib/title.ts';
import { familyOf, sayWhy } from '../../lib/verdicts.ts';
import { CopyButton } from '../../parts/copy.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { Variation } from '../../parts/variation.tsx';
import { Verdict } from '../../parts/verdict.tsx';
import { Consent } from './consent.tsx';
import { WhyPanel } from './why.tsx';

interface Profile {
  first_name?: string;
  last_name?: string;
  email?: string;
  phone?: string;
  time_zone?: string;
  email_subscribe?: string;
  push_subscribe?: string;
  custom_attributes?: Record<string, unknown>;
  push_tokens?: { app: string; platform: string; token: string }[];
  [field: string]: unknown;
}

interface PersonAnswer {
  external_id: string | null;
  braze_id: string;
  profile: Profile;
}

interface Message {
  dispatch_id: string;
  campaign_id?: string;
  campaign_name?: string;
  message_variation_id?: string;
  accepted_at: string;
  channel: string | null;
  status: string;
  reason: string | null;
  detail: string | null;
  attempts: number;
  next_attempt_at: string | null;
}

/** Everything that is known of a person. `?why=`: why a dispatch did or did not reach the person. */
export function Person() {
  const { person: id = '' } = useParams({ strict: false });
  const { why = '' }: Search = useSearch({ strict: false });
  const person = useQuery({
    queryKey: ['person', id],
    queryFn: ({ signal }) => read<PersonAnswer>(`people/${encodeURIComponent(id)}`, signal),
  });
  useTitle('Person');
  return (
    <div className="page">
      <Loaded query={person}>
        {(data) => (
          <div className="who">
            <Who person={data} />
            <div className="sec gap24 told">
              {why !== '' && <WhyPanel person={id} dispatch={why} name={nameOf(data)} zone={data.profile.time_zone} />}
              <Messages id={id} asked={why} zone={data.profile.time_zone} />
              <Consent id={id} />
            </div>
            <About person={data} />
          </div>
        )}
      </Loaded>
    </div>
  );
}

function nameOf({ profile, external_id, braze_id }: PersonAnswer): string {
  const name = [profile.first_name, profile.last_name].filter((part) => part !== undefined).join(' ');
  return name === '' ? (external_id ?? braze_id) : name;
}

/** The attributes that every person may have, by their names in the API, beside those that stand above. */
const standard = [
  ...['first_name', 'last_name', 'country', 'language', 'time_zone', 'home_city', 'gender', 'dob'],
  ...['last_coordinates', 'random_bucket', 'created_at'],
];

function customOf({ custom_attributes: custom = {} }: Profile): (readonly [string, unknown])[] {
  return Object.entries(custom);
}

/** Who it is, and on which channels the person can be reached: on a phone, this comes first. */
function Who({ person }: { person: PersonAnswer }) {
  const { profile } = person;
  const name = nameOf(person);
  const tokens = profile.push_tokens ?? [];
  return (
    <section className="sec id" aria-labelledby="name">
      <div className="row gap16">
        <span className="avatar" aria-hidden="true">
          {name.slice(0, 1).toUpperCase()}
        </span>
        <div>
          <h1 id="name">{name}</h1>
          <div className="md mut2">{profile.email ?? profile.phone ?? 'no address'}</div>
        </div>
      </div>
      <h2 className="s">Can be reached</h2>
      <div className="reach">
        <span>Email</span>
        {profile.email === undefined ? (
          <Verdict family="kept">no address</Verdict>
        ) : (
          <State state={profile.email_subscribe} />
        )}
        <span>
          Push <span className="mut">{tokens.length === 1 ? '1 device' : `${tokens.length} devices`}</span>
        </span>
        {tokens.length === 0 ? <Verdict family="kept">no device</Verdict> : <State state={profile.push_subscribe} />}
        <span>Phone</span>
        {profile.phone === undefined ? (
          <Verdict family="kept">no number</Verdict>
        ) : (
          <span className="md">{profile.phone}</span>
        )}
      </div>
    </section>
  );
}

function About({ person: { profile, external_id: external, braze_id: braze } }: { person: PersonAnswer }) {
  const attributes = [...standard.map((key) => [key, profile[key]] as const), ...customOf(profile)].filter(
    ([, value]) => value !== undefined && value !== null,
  );
  return (
    <section className="sec id about" aria-label="Names and attributes">
      <h2 className="s">Names</h2>
      <dl className="kv">
        <dt>external id</dt>
        <dd>{external === null ? '–' : <code>{external}</code>}</dd>
        <dt>braze id</dt>
        <dd>
          <code>{braze}</code> <CopyButton text={braze} what="the braze id" />
        </dd>
      </dl>
      <h2 className="s">
        Attributes <span className="mut">{attributes.length}</span>
      </h2>
      <dl className="kv">
        {attributes.map(([key, value]) => (
          <div key={key} className="pairrow">
            <dt>{key}</dt>
            <dd>
              <code>{JSON.stringify(value)}</code>
            </dd>
          </div>
        ))}
      </dl>
      <details>
        <summary className="md">As JSON</summary>
        <pre className="json raw1">{JSON.stringify(profile, null, 2)}</pre>
      </details>
    </section>
  );
}

function State({ state = 'subscribed' }: { state: string | undefined }) {
  return <Verdict family={state === 'unsubscribed' ? 'kept' : 'reached'}>{state.replace('_', ' ')}</Verdict>;
}

function Messages({ id, asked, zone }: { id: string; asked: string; zone: string | undefined }) {
  const messages = useQuery({
    queryKey: ['person', id, 'messages'],
    queryFn: ({ signal }) =>
      read<{ messages: Message[] }>(`users/messages?braze_id=${encodeURIComponent(id)}&limit=50`, signal),
  });
  return (
    <section className="sec" aria-labelledby="messages">
      <h2 id="messages">Messages</h2>
      <Loaded query={messages}>
        {({ messages }) => (
          <table className="stk tl">
            <thead>
              <tr>
                <th scope="col">Accepted</th>
                <th scope="col">What</th>
                <th scope="col">Verdict</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              {messages.map((message) => (
                <tr
                  key={`${message.dispatch_id} ${message.channel}`}
                  className={message.dispatch_id === asked ? 'on' : ''}
                >
                  <td className="mut2">
                    <Time at={message.accepted_at} />
                  </td>
                  <td>
                    <Link to="/dispatches/$dispatch" params={{ dispatch: message.dispatch_id }}>
                      {message.campaign_name ?? message.campaign_id ?? 'Dispatch'}
                    </Link>
                    {message.channel !== null && ` by ${channelName(message.channel)}`}
                    {message.message_variation_id !== undefined && <Variation id={message.message_variation_id} />}
                  </td>
                  <td>
                    <Link
                      className="plain"
                      to="/people/$person"
                      params={{ person: id }}
                      search={{ why: message.dispatch_id }}
                    >
                      <Verdict family={familyOf(message.status, message.reason)}>{message.status}</Verdict>
                      <span className="sr"> – why</span>
                    </Link>
                  </td>
                  <td className="l2 mut2">{sayWhy(message, zone)}</td>
                </tr>
              ))}
              {messages.length === 0 && (
                <tr>
                  <td colSpan={4} className="mut">
                    Nothing was sent to this person in the days that are kept.
                  </td>
                </tr>
              )}
            </tbody>
          </table>
        )}
      </Loaded>
    </section>
  );
}
