import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { urlOf } from '../../lib/api.ts';
import { count } from '../../lib/say.ts';
import { roles, useMe } from '../../lib/session.ts';
import { Command } from '../../parts/copy.tsx';
import { Failure } from '../../parts/loaded.tsx';
import { bodyOf, mirrorOf, type Operation, type Parameter, type Reference } from './document.ts';

const LONGEST_SHOWN = 200_000;

interface Asked {
  /** Path and query, without a slash at its beginning. */
  path: string;
  body: string | null;
  /** null: with the session of the operator. */
  key: string | null;
}

interface Answered {
  status: number;
  tookMs: number;
  text: string;
}

/** A call of an endpoint with the session of the operator, or with a key that is pasted and kept nowhere. */
export function TryIt({ operation, document }: { operation: Operation; document: Reference }) {
  const me = useMe();
  const mirror = mirrorOf(operation, document);
  const needed = mirror === null ? null : document.operations.get(`${operation.method} ${mirror}`)?.['x-cresset-role'];
  const mayUse = mirror !== null && roleSuffices(needed ?? null, me.data?.operator.role ?? 'viewer');
  const isOfOperators = operation.path === mirror;
  const body = bodyOf(operation);
  const fields = (operation.parameters ?? []).filter(({ in: where }) => where !== 'header');
  const [values, setValues] = useState<Readonly<Record<string, string>>>(
    Object.fromEntries(fields.map((one) => [one.name, one.in === 'path' || one.required ? exampleOf(one) : ''])),
  );
  const [text, setText] = useState(body?.examples[0]?.[1] ?? '');
  const [withKey, setWithKey] = useState(!mayUse && !isOfOperators);
  const [key, setKey] = useState('');
  const call = useMutation({ mutationFn: (asked: Asked) => exchange(operation, asked) });
  const path = pathOf(withKey || mirror === null ? operation.path : mirror, fields, values);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    call.mutate({ path, body: body === null ? null : text, key: withKey ? key : null });
  };
  return (
    <section className="panel tryit" aria-label="Try it">
      <div className="ph">
        <h2>Try it</h2>
      </div>
      <form className="pb sec gap16" onSubmit={submit}>
        {fields.map((one) => (
          <label key={one.name} className="field">
            <span>
              <code>{one.name}</code>
              {one.required !== true && ' (optional)'}
            </span>
            <input
              className="in"
              required={one.required === true}
              spellCheck={false}
              autoComplete="off"
              value={values[one.name] ?? ''}
              onChange={(event) => setValues({ ...values, [one.name]: event.target.value })}
            />
          </label>
        ))}
        {body !== null && (
          <label className="field">
            <span>Body, {body.type}</span>
            <textarea
              className="in code"
              rows={10}
              spellCheck={false}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
        )}
        {body !== null && body.examples.length > 1 && (
          <label className="field">
            <span>Examples</span>
            <select
              className="pick1"
              onChange={(event) => setText(body.examples.find(([name]) => name === event.target.value)?.[1] ?? text)}
            >
              {body.examples.map(([name]) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        <Caller
          {...{ isOfOperators, mayUse, withKey, setWithKey, keyText: key, setKeyText: setKey }}
          needed={mirror === null ? null : (needed ?? null)}
        />
        <div className="row wrap">
          <button type="submit" className="btn pri" disabled={call.isPending || (!withKey && !mayUse)}>
            {operation.method === 'GET' ? 'Read' : `Call ${operation.method} for real`}
          </button>
        </div>
        <div role="status">
          {call.data !== undefined && <Shown of={call.data} />}
          {call.error !== null && <Failure error={call.error} />}
        </div>
      </form>
      <div className="pb sec">
        <h3>As curl</h3>
        <Command
          text={curlOf(operation, pathOf(operation.path, fields, values), body === null ? null : text, isOfOperators)}
        />
      </div>
    </section>
  );
}

interface CallerProps {
  isOfOperators: boolean;
  mayUse: boolean;
  /** The role that the session needs. null: none does. */
  needed: string | null;
  withKey: boolean;
  setWithKey(value: boolean): void;
  keyText: string;
  setKeyText(value: string): void;
}

function Caller({ isOfOperators, mayUse, needed, withKey, setWithKey, keyText, setKeyText }: CallerProps) {
  if (isOfOperators)
    return mayUse ? (
      <p className="sm mut">With your session.</p>
    ) : (
      <p className="sm mut">It needs the role {needed}.</p>
    );
  return (
    <fieldset className="checks">
      <legend className="lab">Who calls</legend>
      {mayUse && (
        <label>
          <input type="radio" checked={!withKey} onChange={() => setWithKey(false)} /> me, by my session
        </label>
      )}
      <label>
        <input type="radio" checked={withKey} onChange={() => setWithKey(true)} /> an API key
      </label>
      {withKey && (
        <input
          className="in grow"
          type="password"
          required
          aria-label="API key"
          placeholder="kept in this page only"
          autoComplete="off"
          value={keyText}
          onChange={(event) => setKeyText(event.target.value)}
        />
      )}
    </fieldset>
  );
}

function Shown({ of: { status, tookMs, text } }: { of: Answered }) {
  return (
    <div className="sec">
      <p className="md">
        <b className={status < 300 ? 'v-reached' : 'v-failed'}>{status}</b>{' '}
        <span className="mut">{count(tookMs)} ms</span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <pre className="json raw1" tabIndex={0}>
        {text}
      </pre>
    </div>
  );
}

function roleSuffices(needed: string | null, role: string): boolean {
  const names: readonly string[] = roles;
  return needed === null || names.indexOf(role) >= names.indexOf(needed);
}

function exampleOf({ example }: Parameter): string {
  const [first] = [example].flat();
  return first === undefined ? '' : String(first);
}

function pathOf(path: string, fields: readonly Parameter[], values: Readonly<Record<string, string>>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(values[name] ?? ''));
  const query = new URLSearchParams(
    fields.flatMap(({ in: where, name }) =>
      where === 'query' && values[name] ? [[name, values[name]] as [string, string]] : [],
    ),
  ).toString();
  return `${filled.replace(/^\//, '')}${query === '' ? '' : `?${query}`}`;
}

/** Calls of operators are about the workspace of this page; the others about that of their key. */
function urlHere(path: string): string {
  const [, rest] = /^operator\/v1\/(.*)$/s.exec(path) ?? [];
  return rest === undefined ? new URL(path, document.baseURI).href : urlOf(rest);
}

async function exchange({ method }: Operation, { path, body, key }: Asked): Promise<Answered> {
  const beganMs = performance.now();
  const response = await fetch(urlHere(path), {
    method,
    credentials: key === null ? 'same-origin' : 'omit',
    headers: {
      accept: 'application/json',
      ...(key === null ? { 'x-cresset-console': '1' } : { authorization: `Bearer ${key}` }),
      ...(body !== null && { 'content-type': 'application/json' }),
    },
    ...(body !== null && method !== 'GET' && { body }),
  });
  const text = await response.text();
  return { status: response.status, tookMs: Math.round(performance.now() - beganMs), text: pretty(text) };
}

function pretty(text: string): string {
  const cut = (all: string) => (all.length <= LONGEST_SHOWN ? all : `${all.slice(0, LONGEST_SHOWN)}…`);
  try {
    return cut(JSON.stringify(JSON.parse(text), null, 2));
  } catch {
    return cut(text);
  }
}

function curlOf({ method }: Operation, path: string, body: string | null, isOfOperators: boolean): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [
    `curl${method === 'GET' ? '' : ` -X ${method}`} ${quoted(urlHere(path))}`,
    isOfOperators ? "  -b cookies.txt -H 'X-Cresset-Console: 1'" : '  -H "Authorization: Bearer $KEY"',
    ...(body === null ? [] : [`  -H 'Content-Type: application/json'`, `  -d ${quoted(body)}`]),
  ];
  return lines.join(' \\\n');
}
