import { type KeyboardEvent, useState } from 'react';
import { isObject, type Json, type Path, textAt, valueAt } from '../../lib/document.ts';
import { Icon } from '../../parts/icon.tsx';
import type { Offer } from './channels.ts';

type Changes = readonly (readonly [Path, unknown])[];

interface TargetProps {
  body: Json;
  offer: Offer;
  change(changes: Changes): void;
}

/** Whom the document names, in the order of its list. */
export function namesIn(body: Json): string[] {
  const { external_user_ids: ids = [] } = body;
  return (Array.isArray(ids) ? ids : [ids]).map((id) => (typeof id === 'string' ? id : JSON.stringify(id)));
}

/** Whether the document is for everybody who fits, since it names nobody. */
export function isBroadcastBody(body: Json): boolean {
  return body.broadcast === true || body.broadcast === 'true';
}

/** Who gets it: named people, a segment, a filter. `broadcast` follows from that. */
export function Targets({ body, offer, change }: TargetProps) {
  const names = namesIn(body);
  const aliases = Array.isArray(body.user_aliases) ? body.user_aliases.length : 0;
  const isNamed = names.length > 0 || aliases > 0;
  const put = (changes: Changes, willBeNamed: boolean, hasGroup: boolean) =>
    change([...changes, [['broadcast'], !willBeNamed && hasGroup ? true : undefined]]);
  const hasFilter = body.audience !== undefined;
  const segment = textAt(body, ['segment_id']);
  return (
    <>
      <Names
        names={names}
        aliases={aliases}
        put={(next) => {
          const list = next.length === 0 && (segment !== '' || hasFilter) ? undefined : next;
          put([[['external_user_ids'], list]], next.length > 0 || aliases > 0, segment !== '' || hasFilter);
        }}
      />
      <div className="field">
        <label className="lab" htmlFor="segment">
          {isNamed ? 'Only those of them in' : 'Everybody in'}
        </label>
        <SegmentChoice
          value={segment}
          offer={offer}
          put={(id) => {
            const none: Changes = !isNamed && id !== '' ? [[['external_user_ids'], undefined]] : [];
            put([[['segment_id'], id === '' ? undefined : id], ...none], isNamed, id !== '' || hasFilter);
          }}
        />
      </div>
      <Filter
        value={valueAt(body, ['audience'])}
        put={(filter) => {
          const none: Changes = !isNamed && filter !== undefined ? [[['external_user_ids'], undefined]] : [];
          put([[['audience'], filter], ...none], isNamed, segment !== '' || filter !== undefined);
        }}
      />
    </>
  );
}

function Names({
  names,
  aliases,
  put,
}: {
  names: readonly string[];
  aliases: number;
  put(names: readonly string[]): void;
}) {
  const [typed, setTyped] = useState('');
  const add = () => {
    const more = typed.split(/[\s,;]+/).filter((id) => id !== '' && !names.includes(id));
    setTyped('');
    if (more.length > 0) put([...names, ...more]);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      add();
    }
    if (event.key === 'Backspace' && typed === '' && names.length > 0) put(names.slice(0, -1));
  };
  return (
    <div className="field">
      <label className="lab" htmlFor="names">
        To
      </label>
      <div className="in names">
        {names.map((name, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: somebody may be named twice
          <span className="tok" key={`${place} ${name}`}>
            {name}
            <button
              type="button"
              className="copy"
              aria-label={`Leave out ${name}`}
              onClick={() => put(names.filter((_name, index) => index !== place))}
            >
              <Icon name="close" />
            </button>
          </span>
        ))}
        {aliases > 0 && <span className="tok">{aliases === 1 ? '1 alias' : `${aliases} aliases`}</span>}
        <input
          id="names"
          value={typed}
          placeholder={names.length === 0 ? 'external id …' : ''}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={onKeyDown}
          onBlur={add}
        />
      </div>
    </div>
  );
}

function SegmentChoice({ value, offer, put }: { value: string; offer: Offer; put(id: string): void }) {
  const known = offer.segments.find(({ id }) => id.toLowerCase() === value.toLowerCase());
  return (
    <>
      <select id="segment" className="in" value={known?.id ?? value} onChange={(event) => put(event.target.value)}>
        <option value="">no segment</option>
        {value !== '' && known === undefined && <option value={value}>{value}</option>}
        {offer.segments.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      {offer.segments_left_out > 0 && (
        <p className="sm mut">{offer.segments_left_out} more segments can be named by their id, in the JSON.</p>
      )}
    </>
  );
}

const EXAMPLE = { custom_attribute: { custom_attribute_name: 'plan', comparison: 'equals', value: 'gold' } };

/** The connected audience, as JSON of its own. It is taken over as soon as it is an object. */
function Filter({ value, put }: { value: unknown; put(filter: unknown): void }) {
  const [typed, setTyped] = useState<string | null>(null);
  if (value === undefined)
    return (
      <button type="button" className="linkbtn start" onClick={() => put(EXAMPLE)}>
        Add a filter
      </button>
    );
  const onChange = (text: string) => {
    setTyped(text);
    const filter = objectIn(text);
    if (filter !== null) put(filter);
  };
  return (
    <div className="field">
      <div className="row between">
        <label className="lab" htmlFor="audience">
          Filter{typed !== null && objectIn(typed) === null && <span className="refusal"> · no JSON yet</span>}
        </label>
        <button type="button" className="linkbtn" onClick={() => put(undefined)}>
          Take it away
        </button>
      </div>
      <textarea
        id="audience"
        className="in area json filter"
        spellCheck={false}
        value={typed ?? JSON.stringify(value, null, 1)}
        onChange={(event) => onChange(event.target.value)}
        onBlur={() => setTyped(null)}
      />
    </div>
  );
}

function objectIn(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
