import { useState } from 'react';

interface Draft {
  text: string;
  /** When it was kept, in milliseconds. null: it is not kept. */
  at: number | null;
}

const EMPTY = `{
  "external_user_ids": [],
  "messages": {}
}`;

/** The draft of an operator, kept in this browser only. */
export function useDraft(name: string): { draft: Draft; write(text: string): void; forget(): void } {
  const key = `compose ${name}`;
  const [draft, setDraft] = useState<Draft>(() => stored(key));
  return {
    draft,
    write(text) {
      const at = Date.now();
      setDraft({ text, at: keep(key, { text, at }) ? at : null });
    },
    forget() {
      localStorage.removeItem(key);
      setDraft({ text: EMPTY, at: null });
    },
  };
}

function stored(key: string): Draft {
  const { text, at } = readDraft(localStorage.getItem(key));
  return typeof text === 'string' && typeof at === 'number' ? { text, at } : { text: EMPTY, at: null };
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

/** Whether there was room for it. */
function keep(key: string, draft: Draft): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}
