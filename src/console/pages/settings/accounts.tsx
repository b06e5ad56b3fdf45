import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { change } from '../../lib/api.ts';
import { channelName, count } from '../../lib/say.ts';
import { useMay } from '../../lib/session.ts';
import { Failure, Loaded } from '../../parts/loaded.tsx';
import { Since } from '../../parts/time.tsx';
import { Verdict } from '../../parts/verdict.tsx';
import { type App, type Definitions, type Fares, type Group, useSettings, useStates } from './definitions.ts';
import { AddLink, EditLink } from './edit.tsx';
import { MemberList } from './members.tsx';
import { FromFile, Nothing } from './notes.tsx';

const kinds: Readonly<Record<string, string>> = {
  apns: 'Apple',
  fcm: 'Google (FCM)',
  adm: 'Amazon (ADM)',
  vapid: 'browsers (VAPID)',
  twilio: 'Twilio',
  whatsapp_cloud: 'Meta (WhatsApp Cloud API)',
};
const platforms: Readonly<Record<string, string>> = { ios: 'iOS', android: 'Android', kindle: 'Fire', web: 'Web' };

/** Apps, groups and relays with their accounts: what is set, how each fares, and a button that tries it. */
export function Accounts() {
  const settings = useSettings();
  return (
    <Loaded query={settings}>
      {({ definitions }) => (
        <>
          <FromFile />
          <Relays definitions={definitions} />
          <Apps apps={definitions.apps ?? []} />
          <Groups groups={definitions.subscription_groups ?? []} />
        </>
      )}
    </Loaded>
  );
}

function Relays({ definitions: { email = {} } }: { definitions: Definitions }) {
  const states = useStates();
  const { smtp = [], ...identity } = email;
  return (
    <section className="sec gap16">
      <div className="sh">
        <h2>Mail</h2>
        <span className="end">
          {smtp.length === 0 && 'no relay: mails go to the sandbox '}
          <EditLink what="email" about="mail" />
        </span>
      </div>
      {smtp.map((relay) => (
        <Account
          key={relay.name}
          name={relay.name}
          about="mail relay"
          fares={states.data?.relays.get(relay.name)}
          test={{ kind: 'relay', id: relay.name }}
        >
          <MemberList of={relay} except={['name']} />
        </Account>
      ))}
      <article className="panel">
        <div className="ph">
          <h3>Senders and what every mail has</h3>
        </div>
        <div className="pb">
          {Object.keys(identity).length === 0 ? (
            <p className="md mut2">Nothing is set: each mail names its own sender.</p>
          ) : (
            <MemberList of={identity} />
          )}
          {states.data?.events.map(({ service, url }) => (
            <p key={service} className="md mut2 endpoint">
              {service} posts its events to <code>{url}</code>
            </p>
          ))}
        </div>
      </article>
    </section>
  );
}

function Apps({ apps }: { apps: readonly App[] }) {
  const states = useStates();
  return (
    <section className="sec gap16">
      <div className="sh">
        <h2>Apps</h2>
        <span className="end">
          <AddLink what="app" label="Add an app" />
        </span>
      </div>
      {apps.length === 0 && <Nothing what="An app" section="apps" example="{ id: …, name: Shop, platform: ios }" />}
      {apps.map((app) => {
        const kind = Object.keys(kinds).find((one) => app[one] !== undefined);
        const cards = app.content_cards;
        return (
          <Account
            key={app.id}
            name={app.name}
            about={`${platforms[app.platform] ?? app.platform}${kind === undefined ? '' : `, by ${kinds[kind]}`}`}
            fares={states.data?.apps.get(app.id)}
            test={kind === undefined ? null : { kind: 'app', id: app.id }}
            edit={{ what: 'app', id: app.id }}
          >
            <MemberList of={{ id: app.id, ...(kind !== undefined && (app[kind] as object)) }} />
            {cards !== undefined && (
              <>
                <h3 className="under">Content cards</h3>
                <MemberList of={cards as object as Record<string, unknown>} />
              </>
            )}
          </Account>
        );
      })}
    </section>
  );
}

function Groups({ groups }: { groups: readonly Group[] }) {
  const states = useStates();
  return (
    <section className="sec gap16">
      <div className="sh">
        <h2>Subscription groups</h2>
        <span className="end">
          <AddLink what="subscription_group" label="Add a group" />
        </span>
      </div>
      {groups.length === 0 && (
        <Nothing what="A group" section="subscription_groups" example="{ id: …, name: News, channel: email }" />
      )}
      {groups.map((group) => {
        const kind = Object.keys(kinds).find((one) => group[one] !== undefined);
        const { name, channel, [kind ?? '']: account, ...members } = group;
        const by = kind === undefined ? '' : `, by ${kinds[kind]}`;
        return (
          <Account
            key={group.id}
            name={name}
            about={`${channelName(channel)}${by}${group.archived === true ? ', archived' : ''}`}
            fares={states.data?.groups.get(group.id)}
            test={kind === undefined ? null : { kind: 'group', id: group.id }}
            edit={{ what: 'subscription_group', id: group.id }}
          >
            <MemberList of={{ ...members, ...(account as object | undefined) }} except={['archived']} />
          </Account>
        );
      })}
    </section>
  );
}

interface AccountProps {
  name: string;
  about: string;
  fares: Fares | undefined;
  /** null: there is nothing to try. */
  test: { kind: 'app' | 'group' | 'relay'; id: string } | null;
  /** Absent: it is edited with others. */
  edit?: { what: string; id: string };
  children: ReactNode;
}

function Account({ name, about, fares, test, edit, children }: AccountProps) {
  return (
    <article className="panel">
      <div className="ph wraps">
        <h3>{name}</h3>
        <span className="mut md">{about}</span>
        <span className="grow" />
        {fares !== undefined && <State fares={fares} />}
        {edit !== undefined && <EditLink {...edit} about={name} />}
        {test !== null && <Test name={name} {...test} />}
      </div>
      {fares?.state === 'paused' && (
        <p className="pad said v-failed">
          {fares.cause}
          {fares.reason != null && `: ${fares.reason}`}
        </p>
      )}
      <div className="pb">{children}</div>
    </article>
  );
}

function State({ fares }: { fares: Fares }) {
  if (fares.state === 'open') return <Verdict family="reached">open</Verdict>;
  if (fares.state === 'sandbox') return <span className="v v-none">sandbox</span>;
  return <Verdict family="failed">paused{fares.since != null && <Since at={fares.since} />}</Verdict>;
}

interface Tried {
  is_good: boolean;
  said: string | null;
  took_ms: number;
}

/** Calls the provider once, and shows its own words. */
function Test({ name, kind, id }: { name: string; kind: string; id: string }) {
  const maySend = useMay('sender');
  const tried = useMutation({ mutationFn: () => change<Tried>('POST', 'settings/test', { kind, id }) });
  if (!maySend) return null;
  return (
    <>
      <button
        type="button"
        className="btn"
        aria-label={`Test ${name}`}
        disabled={tried.isPending}
        onClick={() => tried.mutate()}
      >
        {tried.isPending ? 'Testing …' : 'Test'}
      </button>
      <span className="tested md" role="status">
        {tried.data !== undefined && (
          <>
            <Verdict family={tried.data.is_good ? 'reached' : 'failed'}>
              {tried.data.is_good ? 'lets us in' : 'does not let us in'}
            </Verdict>{' '}
            {tried.data.said} <span className="mut">{count(tried.data.took_ms)} ms</span>
          </>
        )}
        {tried.error !== null && <Failure error={tried.error} />}
      </span>
    </>
  );
}
