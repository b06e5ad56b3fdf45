import type { Query, QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { signedOut, urlOf } from './api.ts';
import { blocksOf, type Changes, eventIn } from './events.ts';

/**
 * `live`: the stream is open. `waiting`: it is not, and is tried again. `asking`: this browser has enough streams in other
 * tabs, so this one asks every few seconds.
 */
export type LiveState = 'live' | 'waiting' | 'asking';

/** Without a word for so long, the connection is gone. The server speaks every 14 to 16 s. */
const SILENT_MS = 45_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** While the stream is open, pages still ask this often: for what it does not name. */
const SAFETY_MS = 30_000;

let state: LiveState = 'waiting';
const listeners = new Set<() => void>();

function setState(next: LiveState): void {
  if (next === state) return;
  state = next;
  for (const listener of listeners) listener();
}

export function useLive(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

/** How often to ask for what the stream names, in milliseconds. `ms`: without the stream. */
export function every(ms: number): number {
  return state === 'live' ? Math.max(SAFETY_MS, ms) : ms;
}

/** Keeps the stream open while the tab is visible. Returns how to end that. */
export function keepLive(queries: QueryClient): () => void {
  let holding: AbortController | null = null;
  let lastId: string | null = null;
  const renew = createRenewer(queries);
  const follow = () => {
    holding?.abort();
    holding = null;
    if (document.visibilityState !== 'visible') return setState('waiting');
    holding = new AbortController();
    hold(holding.signal, {
      lastId: () => lastId,
      heard(id, changes) {
        lastId = id;
        renew(changes);
      },
      // Every page asks at once, and from then on as often as without the stream.
      lost: () => renew({ topics: everything, dispatches: null }),
    });
  };
  document.addEventListener('visibilitychange', follow);
  follow();
  return () => {
    document.removeEventListener('visibilitychange', follow);
    holding?.abort();
    setState('waiting');
  };
}

const everything = ['dispatches', 'requests', 'outbox', 'troubles'];

interface Hearer {
  /** Id of the last event. null: there was none. */
  lastId(): string | null;
  heard(id: string, changes: Changes): void;
  lost(): void;
}

/** Opens the stream again and again. Tries are apart by twice as long each time, and not at the same time in all tabs. */
async function hold(signal: AbortSignal, hearer: Hearer): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    const { wasOpen, retryAfterMs } = await listen(signal, hearer);
    if (signal.aborted) return;
    if (wasOpen) failures = 0;
    setState(retryAfterMs === null ? 'waiting' : 'asking');
    if (wasOpen) hearer.lost();
    const ms = retryAfterMs ?? Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
    await pause(ms * (0.5 + Math.random()), signal);
  }
}

interface Ended {
  wasOpen: boolean;
  /** When to come again, if there is no room. null: not said. */
  retryAfterMs: number | null;
}

async function listen(signal: AbortSignal, hearer: Hearer): Promise<Ended> {
  const lastId = hearer.lastId();
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENT_MS);
  let wasOpen = false;
  try {
    const response = await fetch(urlOf('events'), {
      headers: lastId === null ? {} : { 'last-event-id': lastId },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (response.status === 401) signedOut();
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (!response.ok || !isStream || response.body === null) return { wasOpen, retryAfterMs: retryAfterOf(response) };
    for await (const block of blocksOf(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENT_MS);
      const event = eventIn(block);
      if (event === null) continue;
      wasOpen = true;
      setState('live');
      hearer.heard(event.id, event.changes);
    }
  } catch (error) {
    // Cut off, or never connected: both are tried again, and the page says so.
    if (!(error instanceof TypeError || error instanceof SyntaxError || error instanceof DOMException)) throw error;
  } finally {
    clearTimeout(timer);
  }
  return { wasOpen, retryAfterMs: null };
}

function retryAfterOf({ status, headers }: Response): number | null {
  const after = Number(headers.get('retry-after'));
  return (status === 429 || status === 503) && after > 0 ? after * 1_000 : null;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Reads again what changed and is shown, one time after the other: a change that comes meanwhile is read after it. */
function createRenewer(queries: QueryClient): (changes: Changes) => void {
  let waiting: Changes | null = null;
  let isReading = false;
  const read = async () => {
    isReading = true;
    while (waiting !== null) {
      const changes = waiting;
      waiting = null;
      const predicate = (query: Query) => isAbout(query, changes);
      await queries.invalidateQueries({ predicate }, { cancelRefetch: false });
    }
    isReading = false;
  };
  return (changes) => {
    waiting = waiting === null ? changes : both(waiting, changes);
    if (!isReading) read();
  };
}

function both(one: Changes, other: Changes): Changes {
  const dispatches =
    one.dispatches === null || other.dispatches === null
      ? null
      : [...new Set([...one.dispatches, ...other.dispatches])];
  return { topics: [...new Set([...one.topics, ...other.topics])], dispatches };
}

/** Lists of which more than the first page is shown stay as they are, so that no row moves away. */
function isAbout({ queryKey: [name, of], state: { data } }: Query, { topics, dispatches }: Changes): boolean {
  const isLong = typeof data === 'object' && data !== null && 'pages' in data && (data.pages as unknown[]).length > 1;
  if (isLong) return false;
  const hasDispatch = dispatches === null || dispatches.length > 0;
  switch (name) {
    case 'home':
      return hasDispatch;
    case 'dispatch':
      return dispatches === null || dispatches.includes(String(of));
    case 'outbox':
      return of === 'newest' && topics.includes('outbox');
    default:
      return topics.some((topic) => topic === name);
  }
}
