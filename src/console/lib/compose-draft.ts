import { type Path, parsed, withValues } from './document.ts';
import { keep, stored } from './draft.ts';

/** Where the draft of an operator's message is kept. */
export const composeKey = (name: string): string => `compose ${name}`;

/** What a message begins with. */
export const EMPTY_MESSAGE = `{
  "external_user_ids": [],
  "messages": {}
}`;

/** Whom a message is for: a segment by its id, or everybody who fits a filter. */
export type Whom = { segment_id: string } | { audience: unknown };

/**
 * Makes the draft of the operator's message one for these people. Its messages stay. Returns why that could not be, in words.
 */
export function writeTo(name: string, whom: Whom): string | null {
  const { text } = stored(composeKey(name), EMPTY_MESSAGE);
  if (parsed(text).body === null) return 'The draft in Compose has a mistake. Mend it or start anew there.';
  const gone = ['external_user_ids', 'user_aliases', 'segment_id', 'audience'];
  const changes: (readonly [Path, unknown])[] = [
    ...gone.map((member) => [[member], undefined] as const),
    ...Object.entries({ ...whom, broadcast: true }).map(([member, value]) => [[member], value] as const),
  ];
  const isKept = keep(composeKey(name), { text: withValues(text, changes), at: Date.now() });
  return isKept ? null : 'This browser has no room to keep the draft.';
}
