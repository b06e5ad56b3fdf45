import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useRef } from 'react';
import { change, read } from '../../lib/api.ts';
import { counted } from '../../lib/say.ts';
import { type Role, roles, useMe } from '../../lib/session.ts';
import { Confirm, useTouching } from '../../parts/confirm.tsx';
import { Failure, Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { WorkspacesCell, WorkspacesHead } from './operator-workspaces.tsx';

interface Operator {
  name: string;
  role: Role;
  /** null: all. */
  workspaces: number[] | null;
  created_at: string;
  created_by: string;
  last_seen_at: string | null;
}

interface Session {
  session_id: string;
  operator: string;
  began_at: string;
  seen_at: string;
  address: string;
  user_agent: string;
  is_own: boolean;
}

/** Who may use the console, and who is signed in. Others than admins see their own sessions, and change their password. */
export function Operators() {
  const isAdmin = useMe().data?.may_manage_operators === true;
  return (
    <>
      {isAdmin && <OperatorList />}
      <Sessions isAdmin={isAdmin} />
      <Password />
    </>
  );
}

function OperatorList() {
  const list = useQuery({
    queryKey: ['operators'],
    queryFn: ({ signal }) => read<{ operators: Operator[] }>('operators', signal),
  });
  return (
    <section className="sec">
      <Loaded query={list}>
        {({ operators }) => (
          <>
            <div className="row between wrap">
              <h2>{counted(operators.length, 'operator')}</h2>
              <NewOperator />
            </div>
            <table className="stk set">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Role</th>
                  <WorkspacesHead />
                  <th scope="col">Seen</th>
                  <th scope="col">Made</th>
                  <th scope="col">Act</th>
                </tr>
              </thead>
              <tbody>
                {operators.map((operator) => (
                  <Row key={operator.name} of={operator} />
                ))}
              </tbody>
            </table>
          </>
        )}
      </Loaded>
    </section>
  );
}

function Row({ of: { name, role, workspaces, last_seen_at, created_at, created_by } }: { of: Operator }) {
  const me = useMe();
  const changeRole = useTouching<unknown, string>(
    (next) => change('PATCH', `operators/${encodeURIComponent(name)}`, { role: next }),
    ['operators', 'sessions', 'me'],
  );
  return (
    <tr>
      <td className="m">{name}</td>
      <td>
        <select
          className="pick1"
          aria-label={`Role of ${name}`}
          value={role}
          disabled={changeRole.isPending}
          onChange={(event) => changeRole.mutate(event.target.value)}
        >
          {roles.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        {changeRole.error !== null && <Failure error={changeRole.error} />}
      </td>
      <WorkspacesCell name={name} workspaces={workspaces} />
      <td className="p2">
        <Time at={last_seen_at} />
      </td>
      <td className="p2">
        <Time at={created_at} /> <span className="sub">{created_by}</span>
      </td>
      <td className="l2 n acts">
        {me.data?.operator.name !== name && (
          <Confirm
            label="Delete …"
            about={`the operator ${name}`}
            title={`Delete the operator ${name}`}
            verb="Delete the operator"
            act={() => change('DELETE', `operators/${encodeURIComponent(name)}`)}
            touches={['operators', 'sessions']}
          >
            <p className="md">
              All sessions of {name} end at once. The audit keeps what {name} changed.
            </p>
          </Confirm>
        )}
      </td>
    </tr>
  );
}

function NewOperator() {
  const dialog = useRef<HTMLDialogElement>(null);
  const make = useTouching<unknown, object>((body) => change('POST', 'operators', body), ['operators']);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    make.mutate(Object.fromEntries(new FormData(form)), {
      onSuccess: () => {
        form.reset();
        dialog.current?.close();
      },
    });
  };
  return (
    <>
      <button type="button" className="btn" onClick={() => dialog.current?.showModal()}>
        Add an operator …
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby="newoperator" onClose={() => make.reset()}>
        <div>
          <h2 id="newoperator" className="h16">
            Add an operator
          </h2>
        </div>
        <form onSubmit={submit}>
          <div className="sec gap16 formpad">
            <label className="field">
              <span>Name, such as an email address</span>
              <input className="in" name="name" required maxLength={100} autoCapitalize="none" autoComplete="off" />
            </label>
            <label className="field">
              <span>Role</span>
              <select className="pick1" name="role" defaultValue="viewer">
                <option value="viewer">viewer: reads everything</option>
                <option value="sender">sender: also sends and stops sends</option>
                <option value="admin">admin: also defines, and makes operators</option>
              </select>
            </label>
            <label className="field">
              <span>Password, 12 characters or more</span>
              <input
                className="in"
                name="password"
                type="password"
                required
                minLength={12}
                maxLength={256}
                autoComplete="new-password"
              />
            </label>
            {make.error !== null && <Failure error={make.error} />}
          </div>
          <div className="mf">
            <button type="button" className="btn" onClick={() => dialog.current?.close()}>
              Leave it
            </button>
            <button type="submit" className="btn pri" disabled={make.isPending}>
              Add the operator
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

function Sessions({ isAdmin }: { isAdmin: boolean }) {
  const list = useQuery({
    queryKey: ['sessions'],
    queryFn: ({ signal }) => read<{ sessions: Session[] }>('sessions', signal),
  });
  return (
    <section className="sec">
      <h2>{isAdmin ? 'Sessions of everybody' : 'Sessions'}</h2>
      <Loaded query={list}>
        {({ sessions }) => (
          <table className="stk set">
            <thead>
              <tr>
                <th scope="col">Operator</th>
                <th scope="col">From</th>
                <th scope="col">Began</th>
                <th scope="col">Seen</th>
                <th scope="col">Act</th>
              </tr>
            </thead>
            <tbody>
              {sessions.map(({ session_id, operator, address, user_agent, began_at, seen_at, is_own }) => (
                <tr key={session_id}>
                  <td className="m">
                    {operator} {is_own && <span className="sub">this one</span>}
                  </td>
                  <td className="l2">
                    {address} <span className="sub agent">{user_agent}</span>
                  </td>
                  <td className="p2">
                    <Time at={began_at} />
                  </td>
                  <td>
                    <Time at={seen_at} />
                  </td>
                  <td className="n acts">
                    {!is_own && (
                      <Confirm
                        label="End …"
                        about={`a session of ${operator}`}
                        title={`End a session of ${operator}`}
                        verb="End the session"
                        act={() => change('DELETE', `sessions/${session_id}`)}
                        touches={['sessions']}
                      >
                        <p className="md">Its browser has to sign in again.</p>
                      </Confirm>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </section>
  );
}

function Password() {
  const set = useTouching<unknown, object>((body) => change('POST', 'me/password', body), ['sessions']);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    set.mutate({ password: new FormData(form).get('password') }, { onSuccess: () => form.reset() });
  };
  return (
    <section className="sec">
      <h2>My password</h2>
      <form className="row wrap" onSubmit={submit}>
        <input
          className="in"
          name="password"
          type="password"
          aria-label="New password"
          placeholder="12 characters or more"
          required
          minLength={12}
          maxLength={256}
          autoComplete="new-password"
        />
        <button type="submit" className="btn" disabled={set.isPending}>
          Change it, and end my other sessions
        </button>
        <span className="md" role="status">
          {set.isSuccess && 'It is changed.'}
        </span>
      </form>
      {set.error !== null && <Failure error={set.error} />}
    </section>
  );
}
