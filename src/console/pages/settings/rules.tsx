import { channelName, count, counted } from '../../lib/say.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { type Definitions, type Quiet, type Settings, useSettings } from './definitions.ts';
import { EditLink } from './edit.tsx';
import { MemberList } from './members.tsx';
import { FromFile, Nothing } from './notes.tsx';

/** Sections that nothing else shows. */
const others = [
  ...['webhook', 'connected_content', 'tracking', 'audience', 'requests', 'liquid', 'schedules', 'users', 'tags'],
  ...['item_catalogs', 'media_library', 'events'],
];

const families: Readonly<Record<string, string>> = { any: 'Any channel', push: 'Push', content_cards: 'Content cards' };

/** Rules are about channels, or about several that are one to them. */
function familyName(name: string): string {
  return families[name] ?? channelName(name);
}

/** Caps, quiet hours, pace and limits, and the other rules of the workspace. */
export function Rules() {
  const settings = useSettings();
  return <Loaded query={settings}>{(all) => <AllRules settings={all} />}</Loaded>;
}

function AllRules({ settings }: { settings: Settings }) {
  const { definitions, blocked_attributes: blocked } = settings;
  return (
    <>
      <FromFile />
      <Caps caps={definitions.frequency_caps ?? []} />
      <QuietHours settings={settings} />
      <Pace definitions={definitions} />
      <section className="sec gap16">
        <h2>Everything else</h2>
        <div className="sh">
          <h3>workspace</h3>
          <span className="end">
            <EditLink what="workspace" about="workspace" />
          </span>
        </div>
        <MemberList of={{ name: definitions.name, time_zone: definitions.time_zone }} />
        {others.map((name) => {
          const section = definitions[name];
          return (
            <div key={name} className="sec">
              <div className="sh">
                <h3>{name.replaceAll('_', ' ')}</h3>
                <span className="end">
                  <EditLink what={name} about={name.replaceAll('_', ' ')} />
                </span>
              </div>
              {section === undefined ? (
                <p className="md mut">not set</p>
              ) : (
                <MemberList of={Array.isArray(section) ? { [name]: section } : (section as Record<string, unknown>)} />
              )}
            </div>
          );
        })}
        {blocked.length > 0 && <MemberList of={{ 'blocked attributes': blocked }} />}
      </section>
    </>
  );
}

function Head({ title, what }: { title: string; what: string }) {
  return (
    <div className="sh">
      <h2>{title}</h2>
      <span className="end">
        <EditLink what={what} about={title.toLowerCase()} />
      </span>
    </div>
  );
}

function Caps({ caps }: { caps: NonNullable<Definitions['frequency_caps']> }) {
  return (
    <section className="sec">
      <Head title="Frequency caps" what="frequency_caps" />
      {caps.length === 0 ? (
        <Nothing
          what="A cap"
          section="frequency_caps"
          example="{ channel: push, max_sends: 2, period_count: 1, period_unit: days }"
        />
      ) : (
        <ol className="rulelist">
          {caps.map(({ channel, max_sends, period_count, period_unit, tag }) => (
            <li key={`${channel} ${tag} ${period_unit} ${period_count}`}>
              <b>{familyName(channel)}</b> at most {counted(max_sends, 'message')} in {count(period_count)}{' '}
              {period_count === 1 ? period_unit.slice(0, -1) : period_unit}
              {tag !== undefined && (
                <span className="mut2">
                  {' '}
                  of campaigns tagged <code>{tag}</code>
                </span>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function QuietHours({ settings }: { settings: Settings }) {
  const { definitions, campaign_quiet_hours: own } = settings;
  const { quiet_hours: hours = [], time_zone } = definitions;
  return (
    <section className="sec">
      <Head title="Quiet hours" what="quiet_hours" />
      {hours.length === 0 && own.length === 0 ? (
        <Nothing
          what="A window"
          section="quiet_hours"
          example='{ from: "21:00", until: "08:00", channels: [push, sms] }'
        />
      ) : (
        <>
          <p className="md mut2">By each person&apos;s own clock; {time_zone} for people whose zone is unknown.</p>
          <ol className="rulelist">
            {hours.map((window) => (
              <Window key={window.channels.join()} of="all campaigns" window={window} />
            ))}
            {own.flatMap(({ campaign_id: id, name, windows }) =>
              windows.map((window) => <Window key={`${id} ${window.from}`} of={name} window={window} />),
            )}
          </ol>
        </>
      )}
    </section>
  );
}

function Window({ of, window: { from, until, action, channels } }: { of: string; window: Quiet }) {
  return (
    <li>
      <b className="tn">
        {from}–{until}
      </b>{' '}
      {action === 'hold' ? 'held until the end' : 'dropped'}: {channels.map(familyName).join(', ')}{' '}
      <span className="mut2">of {of}</span>
    </li>
  );
}

/** How fast each account may be called, and how many requests are taken. */
function Pace({
  definitions: { apps = [], subscription_groups: groups = [], rate_limits: limits = {} },
}: {
  definitions: Definitions;
}) {
  const paced = [...apps, ...groups].flatMap((one) =>
    Object.values(one).flatMap((account) => {
      const { calls_per_minute: calls } = Object(account) as { calls_per_minute?: number };
      return calls === undefined ? [] : [{ id: one.id, name: one.name, calls }];
    }),
  );
  return (
    <section className="sec">
      <Head title="Pace and limits" what="rate_limits" />
      <p className="md mut2">
        A dispatch may have a pace of its own. Accounts without a number are called as fast as their provider answers.
      </p>
      <ol className="rulelist">
        {paced.map(({ id, name, calls }) => (
          <li key={id}>
            <b>{name}</b> at most {counted(calls, 'call')} a minute
          </li>
        ))}
        {Object.entries(limits).map(([bucket, most]) => (
          <li key={bucket}>
            <code>{bucket}</code> at most {counted(most, 'request')} in its window
          </li>
        ))}
        {paced.length + Object.keys(limits).length === 0 && <li className="mut2">No number is set here.</li>}
      </ol>
    </section>
  );
}
