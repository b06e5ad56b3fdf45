import { keywordKey } from '../../sms/callbacks/keywords.ts';

/**
 * Whole texts, and titles of buttons, with which a person leaves or joins. `Stop promotions` is the button that Meta
 * proposes for marketing templates. Fewer words than for texts by SMS, where carriers demand CANCEL, END and YES: in a
 * chat these answer questions.
 */
const meanings: ReadonlyMap<string, 'opt_out' | 'opt_in'> = new Map([
  ...['STOP', 'STOPALL', 'STOP ALL', 'UNSUBSCRIBE', 'OPTOUT', 'OPT OUT', 'STOP PROMOTIONS'].map(
    (word) => [word, 'opt_out'] as const,
  ),
  ...['START', 'UNSTOP', 'SUBSCRIBE'].map((word) => [word, 'opt_in'] as const),
]);

const LONGEST_WORD = 50;

/** What a whole text means for the subscription. null: nothing; a word in a longer text is none. */
export function wishIn(text: string | null): 'opt_out' | 'opt_in' | null {
  if (text === null || text.length > LONGEST_WORD) return null;
  return meanings.get(keywordKey(text)) ?? null;
}
