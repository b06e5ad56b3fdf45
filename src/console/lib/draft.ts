import { useState } from 'react';
import { keyHere } from './workspace.ts';

interface Draft {
  text: string;
  /** When it was kept, in milliseconds. null: it is not kept. */
  at: number | null;
}

/** A draft of an operator, kept in this browser only. `empty`: what it begins with. */
export function useDraft(key: string, empty: string): { draft: Draft; write(text: string): void; forget(): void } {
  const [draft, setDraft] = useState<Draft>(() => stored(key, empty));
  return {
    draft,
    write(text) {
      const at = Date.now();
      setDraft({ text, at: keep(key, { text, at }) ? at : null });
    },
    forget() {
      localStorage.removeItem(keyHere(key));
      setDraft({ text: empty, at: null });
    },
  };
}

/** What the browser has kept under the key, or what a draft begins with. */
export function stored(key: string, empty: string): Draft {
  const { text, at } = readDraft(localStorage.getItem(keyHere(key)));
  return typeof text === 'string' && typeof at === 'number' ? { text, at } : { text: empty, at: null };
}

/** What another release, or somebody else, wrote there is no draft. */
function readDraft(kept: string | null): Partial<Draft> {
  try {
    const value: unknown = JSON.parse(kept ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Keeps a draft. Returns whether there was room for it. */
export function keep(key: string, draft: Draft): boolean {
  try {
    localStorage.setItem(keyHere(key), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}
