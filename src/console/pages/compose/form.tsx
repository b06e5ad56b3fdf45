import { useState } from 'react';
import { isObject, type Json, type Path, textAt, withValues } from '../../lib/document.ts';
import { channelName } from '../../lib/say.ts';
import { channelForms, type Offer, othersIn } from './channels.ts';
import { FieldRow } from './fields.tsx';
import { Targets } from './targets.tsx';

interface FormProps {
  text: string;
  body: Json;
  offer: Offer;
  write(text: string): void;
}

const states = [
  ['opted_in', 'Opted in'],
  ['subscribed', 'Subscribed'],
  ['all', 'Everybody'],
] as const;

/** The common members of the document. An edit changes its member in the text, and nothing else. */
export function Form({ text, body, offer, write }: FormProps) {
  const change = (changes: readonly (readonly [Path, unknown])[]) => write(withValues(text, changes));
  const state = textAt(body, ['recipient_subscription_state']) || 'subscribed';
  return (
    <>
      <Targets body={body} offer={offer} change={change} />
      <Channels body={body} offer={offer} change={change} />
      <fieldset className="field plainset">
        <legend className="lab">Who may get it</legend>
        <div className="seg">
          {states.map(([value, name]) => (
            <button
              key={value}
              type="button"
              aria-pressed={state === value}
              onClick={() => change([[['recipient_subscription_state'], value]])}
            >
              {name}
            </button>
          ))}
        </div>
      </fieldset>
      <div className="field">
        <label className="lab" htmlFor="delivery">
          If the answer is lost
        </label>
        <select
          id="delivery"
          className="in"
          value={textAt(body, ['cresset', 'delivery']) || 'at_least_once'}
          onChange={(event) => change(deliveryOf(body, event.target.value))}
        >
          <option value="at_least_once">Try again, it may arrive twice</option>
          <option value="at_most_once">Do not try again, it may never arrive</option>
        </select>
      </div>
    </>
  );
}

function deliveryOf(body: Json, value: string): (readonly [Path, unknown])[] {
  if (value !== 'at_least_once') return [[['cresset', 'delivery'], value]];
  const others = isObject(body.cresset) ? Object.keys(body.cresset).filter((key) => key !== 'delivery') : [];
  return [[others.length === 0 ? ['cresset'] : ['cresset', 'delivery'], undefined]];
}

interface ChannelsProps extends Pick<FormProps, 'body' | 'offer'> {
  change(changes: readonly (readonly [Path, unknown])[]): void;
}

/** The channels of the document, one at a time, and a list to add another. */
function Channels({ body, offer, change }: ChannelsProps) {
  const messages = isObject(body.messages) ? body.messages : {};
  const present = Object.keys(messages);
  const [chosen, setChosen] = useState(present[0] ?? '');
  const shown = present.includes(chosen) ? chosen : (present[0] ?? '');
  const add = (channel: string) => {
    setChosen(channel);
    change([[['messages', channel], channelForms[channel]?.begin(offer)]]);
  };
  const form = channelForms[shown];
  return (
    <>
      <div className="row wrap">
        {present.length > 0 && (
          <fieldset className="seg plainset">
            <legend className="sr">Channel</legend>
            {present.map((channel) => (
              <button key={channel} type="button" aria-pressed={channel === shown} onClick={() => setChosen(channel)}>
                {channelForms[channel]?.name ?? channel}
              </button>
            ))}
          </fieldset>
        )}
        <select className="pick1" aria-label="Add a channel" value="" onChange={(event) => add(event.target.value)}>
          <option value="">+ Channel</option>
          {Object.keys(channelForms).map((channel) => (
            <option key={channel} value={channel} disabled={present.includes(channel)}>
              {channelName(channel)}
            </option>
          ))}
        </select>
      </div>
      {form !== undefined && (
        <>
          <div className="pairs">
            {form.fields(offer, messages[shown]).map((field) => (
              <FieldRow
                key={`${shown} ${field.path.join('.')}`}
                field={field}
                body={body}
                at={['messages', shown]}
                write={(path, value) => change([[path, value]])}
              />
            ))}
          </div>
          <Others members={othersIn(messages[shown], form.fields(offer, messages[shown]))} />
        </>
      )}
      {shown !== '' && (
        <button type="button" className="linkbtn start" onClick={() => change([[['messages', shown], undefined]])}>
          Leave out {channelName(shown)}
        </button>
      )}
    </>
  );
}

function Others({ members }: { members: readonly string[] }) {
  if (members.length === 0) return null;
  return (
    <p className="sm mut">
      Only in the JSON: <code>{members.join(', ')}</code>
    </p>
  );
}
