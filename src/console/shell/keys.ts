import { useEffect } from 'react';

type Keys = Readonly<Record<string, () => void>>;

const SEQUENCE_MS = 1_000;

/** Single keys outside of fields. A key of two letters, such as `g d`, is two keys within a second. */
export function useKeys(keys: Keys): void {
  useEffect(() => {
    let first = '';
    let firstAt = 0;
    const onKey = (event: KeyboardEvent) => {
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        event.defaultPrevented ||
        isWriting(event.composedPath()[0] ?? null)
      )
        return;
      const sequence = event.timeStamp - firstAt < SEQUENCE_MS ? `${first} ${event.key}` : event.key;
      const act = keys[sequence] ?? keys[event.key];
      first = event.key;
      firstAt = event.timeStamp;
      if (act === undefined) return;
      first = '';
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [keys]);
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], dialog') !== null;
}
