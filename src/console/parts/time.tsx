import { useSyncExternalStore } from 'react';
import { durationOf, timeOf } from '../lib/say.ts';

/** A time in the viewer's zone, with UTC in its title. `at`: ISO 8601. null: never. */
export function Time({ at }: { at: string | null }) {
  if (at === null) return <span className="mut">–</span>;
  return (
    <time dateTime={at} title={at} className="tn nw">
      {timeOf(new Date(at))}
    </time>
  );
}

/** How long ago. It is renewed every second. */
export function Since({ at }: { at: string }) {
  const now = useNow();
  return <span className="tn nw">{durationOf(now - Date.parse(at))}</span>;
}

const TICK_MS = 1_000;
let nowMs = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** The time, to the second, in milliseconds since 1970. One timer serves everybody. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const one of listeners) one();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
