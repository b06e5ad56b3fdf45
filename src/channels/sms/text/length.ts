import type { ShownAccount } from '../../provider.ts';
import { countSegments, type SmsSegments } from './segments.ts';
import { smartEncoded } from './smart-encoding.ts';

export const MAX_CHARACTERS = 1_600;
/** Most segments of a text, unless the account says otherwise. Source: messaging-objects.md §7.2. */
const MAX_SEGMENTS = 10;

/** How an account has texts sent. */
export interface TextRules {
  maxSegments: number;
  /** Twilio replaces characters that need a longer encoding. */
  isSmart: boolean;
}

/** The rules of a group's account. null: the group has none. */
export function textRulesOf(account: ShownAccount | null): TextRules {
  const { max_segments, smart_encoding } = (account?.settings ?? {}) as TextSettings;
  return { maxSegments: max_segments ?? MAX_SEGMENTS, isSmart: smart_encoding ?? false };
}

interface TextSettings {
  max_segments?: number;
  smart_encoding?: boolean;
}

/** The segments that Twilio bills for a text. */
export function billedSegments(body: string, { isSmart }: TextRules): SmsSegments {
  return countSegments(isSmart ? smartEncoded(body) : body);
}

/** The problem with a text's length in characters. null: none. Source: messaging-objects.md §7.1. */
export function charactersProblem(body: string): string | null {
  if (body.length <= MAX_CHARACTERS) return null; // no text has more characters than code units
  const characters = [...body].length;
  return characters > MAX_CHARACTERS ? `expected at most ${MAX_CHARACTERS} characters, got ${characters}` : null;
}

/** The problem with a text's number of segments. null: none. */
export function segmentsProblem({ count }: SmsSegments, { maxSegments }: TextRules): string | null {
  return count > maxSegments ? `expected at most ${maxSegments} segments, got ${count}` : null;
}
