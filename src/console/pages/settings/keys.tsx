import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { change, read } from '../../lib/api.ts';
import { counted } from '../../lib/say.ts';
import { useMay } from '../../lib/session.ts';
import { Confirm, useTouching } from '../../parts/confirm.tsx';
import { Command } from '../../parts/copy.tsx';
import { Failure, Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';

interface Key {
  key_id: string;
  name: string;
  hint: string;
  permissions: readonly string[];
  allow_from: readonly string[];
  created_by: string;
  created_at: string;
  last_used_at: string | null;
  is_of_file: boolean;
}

interface Listed {
  keys: readonly Key[];
  known_permissions: readonly { name: string; opens: string }[];
}

/** API keys with their last use. Admins make and delete them. */
export function Keys() {
  const list = useQuery({ queryKey: ['keys'], queryFn: ({ signal }) => read<Listed>('keys', signal) });
  const isAdmin = useMay('admin');
  return (
    <Loaded query={list}>
      {({ keys, known_permissions: known }) => (
        <>
          <div className="row between wrap">
            <h2>{counted(keys.length, 'API key')}</h2>
            {isAdmin ? <NewKey known={known} /> : <p className="sm mut">Admins make and delete keys.</p>}
          </div>
          <table className="stk set">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Key</th>
                <th scope="col">Last use</th>
                <th scope="col">Made</th>
                <th scope="col">May</th>
                {isAdmin && <th scope="col">Act</th>}
              </tr>
            </thead>
            <tbody>
              {keys.map((key) => (
                <Row key={key.key_id} of={key} all={known.length} isAdmin={isAdmin} />
              ))}
            </tbody>
          </table>
          <p className="sm mut">
            The last use may be a minute behind. A key itself is shown once, when it is made; only a hash is stored.
          </p>
        </>
      )}
    </Loaded>
  );
}

function Row({ of, all, isAdmin }: { of: Key; all: number; isAdmin: boolean }) {
  const { name, hint, last_used_at, created_at, created_by, permissions, allow_from } = of;
  return (
    <tr>
      <td className="m">{name}</td>
      <td className="p2">
        <code>{hint}…</code>
      </td>
      <td>{last_used_at === null ? <span className="mut">never</span> : <Time at={last_used_at} />}</td>
      <td className="p2">
        <Time at={created_at} /> <span className="sub">{created_by}</span>
      </td>
      <td className="l2">
        <details className="few">
          <summary>
            {permissions.length >= all ? 'everything' : counted(permissions.length, 'permission')}
            {allow_from.length > 0 && `, from ${allow_from.join(', ')}`}
          </summary>
          <p className="sm mut2">{permissions.join(', ')}</p>
        </details>
      </td>
      {isAdmin && (
        <td className="n acts">
          <Delete of={of} />
        </td>
      )}
    </tr>
  );
}

function Delete({ of: { key_id, name, last_used_at, is_of_file } }: { of: Key }) {
  return (
    <Confirm
      label="Delete …"
      about={`the key ${name}`}
      title={`Delete the key ${name}`}
      verb="Delete the key"
      act={() => change('DELETE', `keys/${key_id}`)}
      touches={['keys']}
    >
      <p className="md">
        Every server refuses it at once. Its last use: {last_used_at === null ? 'never' : <Time at={last_used_at} />}.
      </p>
      {is_of_file && (
        <p className="md v-warn">
          It stands in a workspace file, and returns with the next apply of that file unless it is removed there.
        </p>
      )}
    </Confirm>
  );
}

function NewKey({ known }: { known: Listed['known_permissions'] }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const make = useTouching<{ key: string }, object>((body) => change('POST', 'keys', body), ['keys']);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const from = String(form.get('from'))
      .split(/[\s,]+/)
      .filter((one) => one !== '');
    make.mutate({ name: form.get('name'), permissions: chosen, allow_from: from });
  };
  const close = () => {
    make.reset();
    setChosen([]);
  };
  const toggle = (name: string) =>
    setChosen(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <>
      <button type="button" className="btn" onClick={() => dialog.current?.showModal()}>
        Make a key …
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby="newkey" onClose={close}>
        <div>
          <h2 id="newkey" className="h16">
            {make.data === undefined ? 'Make an API key' : 'This is the only time that the key is shown'}
          </h2>
        </div>
        {make.data !== undefined ? (
          <>
            <div>
              <Command text={make.data.key} what="the key" />
            </div>
            <div className="mf">
              <button type="button" className="btn" onClick={() => dialog.current?.close()}>
                Close
              </button>
            </div>
          </>
        ) : (
          <form onSubmit={submit}>
            <div className="sec gap16 formpad">
              <label className="field">
                <span>What it is for</span>
                <input className="in" name="name" required maxLength={255} autoComplete="off" />
              </label>
              <label className="field">
                <span>Addresses that may use it, such as 10.0.0.0/8. Empty: any</span>
                <input className="in" name="from" autoComplete="off" spellCheck={false} />
              </label>
              <fieldset className="checks perms">
                <legend className="lab">
                  What it may do{' '}
                  <button
                    type="button"
                    className="linkbtn"
                    onClick={() => setChosen(chosen.length === known.length ? [] : known.map(({ name }) => name))}
                  >
                    {chosen.length === known.length ? 'nothing' : 'everything'}
                  </button>
                </legend>
                {known.map(({ name, opens }) => (
                  <label key={name} title={opens}>
                    <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} /> {name}
                  </label>
                ))}
              </fieldset>
              {make.error !== null && <Failure error={make.error} />}
            </div>
            <div className="mf">
              <button type="button" className="btn" onClick={() => dialog.current?.close()}>
                Leave it
              </button>
              <button type="submit" className="btn pri" disabled={chosen.length === 0 || make.isPending}>
                Make a key with {counted(chosen.length, 'permission')}
              </button>
            </div>
          </form>
        )}
      </dialog>
    </>
  );
}
