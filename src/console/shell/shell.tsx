import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import { ApiError, change } from '../lib/api.ts';
import { keepLive, type LiveState, useLive } from '../lib/live.ts';
import { timeOf } from '../lib/say.ts';
import { type Me, setSignedOut, useMay, useMe, useSignedOut } from '../lib/session.ts';
import { enter, workspacePath } from '../lib/workspace.ts';
import { SignIn } from '../pages/sign-in/sign-in.tsx';
import { Icon, Mark } from '../parts/icon.tsx';
import { useNow } from '../parts/time.tsx';
import { useBadges } from './badges.tsx';
import './compose-link.css';
import { type Entry, entries } from './entries.ts';
import { FindField } from './find-field.tsx';
import { KeyHelp } from './help.tsx';
import { useKeys } from './keys.ts';
import { NoWorkspace, WorkspaceSwitch } from './workspaces.tsx';

/** What is around every page: entries, find, keys, and the sign-in when nobody is signed in. */
export function Shell() {
  const me = useMe();
  const isSignedOut = useSignedOut();
  const field = useRef<HTMLInputElement>(null);
  const help = useRef<HTMLDialogElement>(null);
  const navigate = useNavigate();
  const maySend = useMay('sender');
  const keys = useMemo(
    () => ({
      '/': () => field.current?.focus(),
      '?': () => help.current?.showModal(),
      ...(maySend && { c: () => navigate({ to: '/compose' }) }),
      ...Object.fromEntries(entries.map(({ key, path }) => [`g ${key}`, () => navigate({ to: path })])),
    }),
    [navigate, maySend],
  );
  useKeys(keys);
  useStream(me.data !== undefined && !isSignedOut);
  const mustEnter = me.data !== undefined && me.data.workspaces.length > 1 && workspacePath === '' ? me.data : null;
  useEffect(() => {
    if (mustEnter !== null) enter(mustEnter.workspace_id);
  }, [mustEnter]);
  if (me.data === undefined && isSignedOut) return <SignIn />;
  if (me.data === undefined && me.error === null) return null;
  if (mustEnter !== null) return null;
  if (me.error instanceof ApiError && me.error.status === 404 && workspacePath !== '') return <NoWorkspace />;
  return (
    <>
      <a className="skip" href="#main">
        To the content
      </a>
      <div className="app">
        <Side me={me.data} />
        <div className="main">
          <header className="top">
            <FindField field={field} />
            <div className="end">
              <ComposeLink />
              <Clock />
              <Live />
            </div>
          </header>
          <main className="grow" id="main">
            <Outlet />
          </main>
        </div>
        <nav className="tabbar" aria-label="Main, below">
          <Entries which={entries.filter(({ isOnPhone }) => isOnPhone)} />
          <Link to="/more" activeProps={{ 'aria-current': 'page' }}>
            <Icon name="more" />
            More
          </Link>
        </nav>
      </div>
      <KeyHelp dialog={help} />
      {isSignedOut && (
        <div className="over">
          <SignIn />
        </div>
      )}
    </>
  );
}

function Side({ me }: { me: Me | undefined }) {
  const signOut = async () => {
    await change('POST', 'sign-out').catch(() => undefined); // A session that is over is signed out, too.
    setSignedOut(true);
    location.reload();
  };
  return (
    <aside className="side">
      <Link to="/" className="brand">
        <Mark />
        <b>Cresset</b>
        <span>{me?.workspace}</span>
      </Link>
      <WorkspaceSwitch me={me} />
      <ComposeButton />
      <nav className="nav" aria-label="Main">
        <Entries which={entries} />
      </nav>
      <div className="foot">
        <span className="grow">
          {me?.operator.name}
          <br />
          {me?.operator.role}
        </span>
        <button type="button" className="linkbtn" onClick={signOut}>
          Sign out
        </button>
      </div>
    </aside>
  );
}

/** Writing a message is an act and no place, so it has a button of its own. */
function ComposeButton() {
  if (!useMay('sender')) return null;
  return (
    <Link to="/compose" className="btn pri" activeProps={{ 'aria-current': 'page' }}>
      <Icon name="compose" />
      Compose<kbd>c</kbd>
    </Link>
  );
}

/** On a phone, where the side is not shown. */
function ComposeLink() {
  if (!useMay('sender')) return null;
  return (
    <Link to="/compose" className="btn composelink" aria-label="Compose" title="Compose">
      <Icon name="compose" />
    </Link>
  );
}

function Entries({ which }: { which: readonly Entry[] }): ReactNode {
  const badges = useBadges();
  return which.map(({ path, name, icon }) => (
    <Link key={path} to={path} activeOptions={{ exact: path === '/' }} activeProps={{ 'aria-current': 'page' }}>
      <Icon name={icon} />
      {name}
      {badges[path]}
    </Link>
  ));
}

/** Hears what changes while somebody is signed in. */
function useStream(isSignedIn: boolean): void {
  const queries = useQueryClient();
  useEffect(() => (isSignedIn ? keepLive(queries) : undefined), [isSignedIn, queries]);
}

const liveWords: Readonly<Record<LiveState, readonly [word: string, meaning: string]>> = {
  live: ['Live', 'What changes is shown within two seconds'],
  waiting: ['Reconnecting', 'The stream of changes is interrupted; pages ask every few seconds meanwhile'],
  asking: ['Every 5 s', 'Enough tabs hear of changes already, so this one asks every few seconds'],
};

/** Whether the page hears of changes at once. */
function Live() {
  const state = useLive();
  const [word, meaning] = liveWords[state];
  return (
    <span className={state === 'live' ? 'live' : 'live calm'} title={meaning}>
      {word}
    </span>
  );
}

function Clock() {
  const now = useNow();
  return <span className="hide tn">{timeOf(new Date(now))}</span>;
}
