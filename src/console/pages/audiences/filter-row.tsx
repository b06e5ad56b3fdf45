import { useId, useState } from 'react';
import { isObject, type Json, type Path } from '../../lib/document.ts';
import { Icon } from '../../parts/icon.tsx';
import type { Guilt, PartCount } from './counts.ts';
import { comparisonsOf, type Field, formOf, kinds, type Offer } from './kinds.ts';
import { Numbers } from './numbers.tsx';

export interface RowProps {
  /** The key of the filter, and what it holds. */
  kind: string;
  of: unknown;
  path: Path;
  offer: Offer;
  count: PartCount | undefined;
  /** Not null: this filter keeps everybody out. */
  guilt: Guilt | null;
  write(path: Path, value: unknown): void;
  remove(): void;
}

/** One filter: its kind, its members, and how many fit it alone and without it. */
export function FilterRow({ kind, of, path, offer, count, guilt, write, remove }: RowProps) {
  const known = kinds[kind];
  const body: Json = isObject(of) ? of : {};
  const at = [...path, kind];
  return (
    <div className={guilt === null ? 'flt' : 'flt hot'}>
      <div className="parts">
        {guilt !== null && (
          <span className="v v-warn">
            <Icon name="warning" />
            <span className="sr">Keeps everybody out</span>
          </span>
        )}
        <select
          className="pick"
          aria-label="Filter"
          value={kind}
          onChange={({ target }) => write(path, { [target.value]: kinds[target.value]?.start })}
        >
          {known === undefined && <option value={kind}>{kind}</option>}
          {Object.entries(kinds).map(([key, { label }]) => (
            <option key={key} value={key}>
              {label}
            </option>
          ))}
        </select>
        {known === undefined && <code>{JSON.stringify(of)}</code>}
        {known !== undefined && known.fields === undefined && (
          <select
            className="pick"
            aria-label="value"
            value={String(of)}
            onChange={({ target }) => write(at, target.value === 'true')}
          >
            <option value="true">true</option>
            <option value="false">false</option>
          </select>
        )}
        {known?.fields?.map((field) => (
          <Member key={field.member} {...{ field, kind, body, at, offer, write }} />
        ))}
      </div>
      <Numbers count={count} />
      <button type="button" className="copy" aria-label="Remove this filter" onClick={remove}>
        <Icon name="close" />
      </button>
      {guilt !== null && guilt.facts.length > 0 && (
        <div className="why1 md">
          {guilt.facts.map(({ who, sentence }) => (
            <p key={`${who} ${sentence}`}>
              <b>{who}</b>: {sentence}
            </p>
          ))}
        </div>
      )}
    </div>
  );
}

interface MemberProps extends Pick<RowProps, 'kind' | 'offer' | 'write'> {
  field: Field;
  body: Json;
  at: Path;
}

function Member({ field, kind, body, at, offer, write }: MemberProps) {
  const { member, label } = field;
  const value = body[member];
  const put = (next: unknown) => write([...at, member], next);
  switch (field.kind) {
    case 'words': {
      const words = member === 'comparison' ? comparisonsOf(kind, field.words, body) : field.words;
      const choices = words.map((word) => ({ id: word, name: word.replaceAll('_', ' ') }));
      const choose = (word: string) => {
        if (member !== 'comparison' || formOf(word) === formOf(value)) return put(word === '' ? undefined : word);
        write(at, withComparison(body, word));
      };
      return <Pick {...{ label, value, choices }} isOptional={field.isOptional === true} put={choose} />;
    }
    case 'thing':
      return (
        <Pick
          {...{ label, value, choices: offer[field.of] }}
          isOptional={field.isOptional === true}
          put={(id) => put(id === '' ? undefined : id)}
        />
      );
    case 'text':
      return (
        <Typed
          {...{ label, shown: typeof value === 'string' ? value : '' }}
          placeholder={field.isOptional === true ? `any ${label}` : label}
          put={(text) => put(text === '' && field.isOptional === true ? undefined : text)}
        />
      );
    case 'number':
      return <Typed label={label} shown={String(value ?? '')} put={(text) => put(readJson(text))} />;
    default:
      return <Value value={value} as={formOf(body.comparison)} put={put} />;
  }
}

/** Another comparison needs a value of another form. */
function withComparison({ value, ...body }: Json, comparison: string): Json {
  const form = formOf(comparison);
  const other = { ...body, comparison };
  if (form === 'none') return other;
  if (form === 'days') return { ...other, value: typeof value === 'number' ? value : 30 };
  if (form === 'list') return { ...other, value: Array.isArray(value) ? value : [String(value ?? '')] };
  return { ...other, value: Array.isArray(value) ? value[0] : (value ?? '') };
}

function Value({ value, as, put }: { value: unknown; as: ReturnType<typeof formOf>; put(value: unknown): void }) {
  if (as === 'none') return null;
  if (as === 'list') {
    const shown = Array.isArray(value) ? value.join(', ') : '';
    const read = (text: string) =>
      put(
        text
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      );
    return <Typed label="values, with commas" shown={shown} put={read} />;
  }
  return (
    <>
      <Typed label="value" shown={JSON.stringify(value) ?? ''} put={(text) => put(readJson(text))} />
      {as === 'days' && <span className="md mut2">days</span>}
    </>
  );
}

/** A number, true, false or a text in quotes; anything else is a text as it stands. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.replace(/^"/, '');
  }
}

interface TypedProps {
  label: string;
  shown: string;
  /** What an empty field says, which is as wide as it. Absent: the label. */
  placeholder?: string;
  put(text: string): void;
}

/** A field that keeps what is typed until one leaves it, since a value may be written in more than one way. */
function Typed({ label, shown, placeholder = label, put }: TypedProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? shown;
  return (
    <input
      className="pick val"
      aria-label={label}
      placeholder={placeholder}
      value={text}
      autoComplete="off"
      spellCheck={false}
      onChange={({ target }) => {
        setTyped(target.value);
        put(target.value);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

interface PickProps {
  label: string;
  value: unknown;
  choices: readonly { id: string; name: string }[];
  isOptional: boolean;
  put(value: string): void;
}

function Pick({ label, value, choices, isOptional, put }: PickProps) {
  const id = useId();
  const chosen = value === undefined ? '' : String(value);
  const isKnown = choices.some((one) => one.id === chosen);
  return (
    <>
      <label className="sr" htmlFor={id}>
        {label}
      </label>
      <select id={id} className="pick" value={chosen} onChange={({ target }) => put(target.value)}>
        {isOptional && <option value="">any {label}</option>}
        {!isKnown && !(isOptional && chosen === '') && <option value={chosen}>{chosen || `choose: ${label}`}</option>}
        {choices.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </select>
    </>
  );
}
