import { useId } from 'react';
import { canHold, type Json, type Path, textAt, valueAt } from '../../lib/document.ts';
import type { Field } from './channels.ts';

interface FieldProps {
  field: Field;
  body: Json;
  /** Where the message is in the document. */
  at: Path;
  write(path: Path, value: unknown): void;
}

/** One member of the document. Empty: it is taken away, unless it began empty. */
export function FieldRow({ field, body, at, write }: FieldProps) {
  const id = useId();
  const { label, kind } = field;
  const path = [...at, ...field.path];
  const isFree = canHold(body, path);
  const value = isFree ? textAt(body, path) : '';
  const put = (text: string) => {
    if (kind === 'number') write(path, text === '' ? undefined : Number(text));
    else write(path, text === '' && field.placeholder !== undefined ? undefined : text);
  };
  const common = { id, value, disabled: !isFree, placeholder: field.placeholder ?? '' };
  return (
    <div className={`field${field.isHalf === true ? ' half' : ''}`}>
      <label className="lab" htmlFor={id}>
        {label}
      </label>
      {kind === 'choice' ? (
        <Choice
          id={id}
          value={value}
          isMissing={valueAt(body, path) === undefined}
          choices={field.choices ?? []}
          put={put}
        />
      ) : kind === 'area' ? (
        <textarea
          {...common}
          className="in area tallish json"
          spellCheck={false}
          onChange={(event) => put(event.target.value)}
        />
      ) : (
        <input
          {...common}
          className="in"
          type={kind === 'number' ? 'number' : 'text'}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => put(event.target.value)}
        />
      )}
    </div>
  );
}

interface ChoiceProps {
  id: string;
  value: string;
  isMissing: boolean;
  choices: NonNullable<Field['choices']>;
  put(value: string): void;
}

/** A value that is none of the choices is shown as it is. */
function Choice({ id, value, isMissing, choices, put }: ChoiceProps) {
  const isKnown = choices.some((choice) => choice.value.toLowerCase() === value.toLowerCase());
  const chosen = choices.find((choice) => choice.value.toLowerCase() === value.toLowerCase())?.value ?? value;
  return (
    <select id={id} className="in" value={chosen} onChange={(event) => put(event.target.value)}>
      {!isKnown && <option value={value}>{isMissing || value === '' ? 'none' : value}</option>}
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.name}
        </option>
      ))}
    </select>
  );
}
