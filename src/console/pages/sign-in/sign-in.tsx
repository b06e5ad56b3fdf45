import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { ApiError, change, read } from '../../lib/api.ts';
import { setSignedOut } from '../../lib/session.ts';
import { useTitle } from '../../lib/title.ts';
import { Mark } from '../../parts/icon.tsx';
import { useNow } from '../../parts/time.tsx';

/** Asks for name and password. Who signs in stays on the page that they asked for. */
export function SignIn() {
  const queries = useQueryClient();
  const [refusal, setRefusal] = useState<string | null>(null);
  const [waitsUntil, setWaitsUntil] = useState(0);
  const [isBusy, setBusy] = useState(false);
  const password = useRef<HTMLInputElement>(null);
  const waitS = Math.ceil((waitsUntil - useNow()) / 1_000);
  useTitle('Sign in');
  useEffect(() => password.current?.focus(), []);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    try {
      await change('POST', 'sign-in', { name: form.get('name'), password: form.get('password') });
      if (!(await isKept())) return setRefusal(NOT_KEPT);
      setSignedOut(false);
      await queries.invalidateQueries();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.retryAfterS !== null) setWaitsUntil(Date.now() + error.retryAfterS * 1_000);
      setRefusal([error.message, ...error.errors].join(': '));
      if (password.current !== null) password.current.value = '';
      password.current?.focus();
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="gateway">
      <form onSubmit={submit}>
        <p className="brand">
          <Mark />
          <b>Cresset</b>
          <span>{location.host}</span>
        </p>
        <div className="card">
          <h1>Sign in</h1>
          <label className="field">
            <span>Name</span>
            <input
              name="name"
              defaultValue="admin"
              autoComplete="username"
              autoCapitalize="none"
              required
              maxLength={100}
            />
          </label>
          <label className="field">
            <span>Password</span>
            <input
              ref={password}
              name="password"
              type="password"
              autoComplete="current-password"
              required
              maxLength={256}
            />
          </label>
          {refusal !== null && (
            <p className="refusal" role="alert">
              {waitS > 0 ? `Too many attempts. Wait ${waitS} s.` : refusal}
            </p>
          )}
          <button className="btn pri" type="submit" disabled={isBusy || waitS > 0}>
            Sign in
          </button>
          <OpenIdButton />
        </div>
        <p className="sm mut">
          First time? <code>npm start</code> printed the password of admin once. To set another, start with{' '}
          <code>CRESSET_ADMIN_PASSWORD</code>.
        </p>
      </form>
    </main>
  );
}

const NOT_KEPT =
  'The browser did not keep the session. If CRESSET_PUBLIC_URL begins with https:, open the console by HTTPS; if it is to be reached by HTTP, set it to that URL.';

/** Whether the session is there: a page that came by HTTP gets no cookie of a server that is reached by HTTPS. */
async function isKept(): Promise<boolean> {
  try {
    await read('me');
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    throw error;
  }
}

interface Ways {
  /** Sign-in by OpenID Connect. null: there is none. */
  openid: { label: string; url: string } | null;
}

/** Leads to the identity provider and back to this page. What stands in the fragment is lost: it must not get into logs. */
function OpenIdButton() {
  const { data } = useQuery({ queryKey: ['sign-in'], queryFn: ({ signal }) => read<Ways>('sign-in', signal) });
  if (data === undefined || data.openid === null) return null;
  const { label, url } = data.openid;
  const next = new URLSearchParams({ next: location.pathname + location.search });
  return (
    <a className="btn" href={`${url}?${next}`}>
      {label}
    </a>
  );
}
