import { ObjectProblem } from '../../lib/raw/problems.ts';
import { globalStates } from '../../templating/facts.ts';

/** How a column says consent: as a state of email or push, or of one subscription group. */
export type ConsentColumn = 'global_state' | 'group_state';

/** Words of spreadsheets for yes and no, in lower case. `--booleans` adds others. */
const words: ReadonlyMap<string, boolean> = new Map([
  ...[
    'true',
    '1',
    'yes',
    'y',
    'on',
    'ja',
    'j',
    'wahr',
    'oui',
    'vrai',
    'si',
    'sí',
    'sì',
    'vero',
    'verdadero',
    'sim',
  ].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'n', 'off', 'nein', 'falsch', 'non', 'faux', 'falso', 'nee', 'não'].map(
    (word) => [word, false] as const,
  ),
]);

const statesOf: Readonly<Record<ConsentColumn, readonly string[]>> = {
  global_state: globalStates,
  group_state: ['subscribed', 'unsubscribed'],
};
/** What yes means: somebody who said it has opted in. */
const yesIs: Readonly<Record<ConsentColumn, string>> = { global_state: 'opted_in', group_state: 'subscribed' };

/** The state that a cell names, or says with a word for yes or no. Throws ObjectProblem. */
export function readConsent(
  cell: string,
  kind: ConsentColumn,
  name: string,
  booleans: ReadonlyMap<string, boolean>,
): string {
  const word = cell.trim().toLowerCase();
  const state = statesOf[kind].find((known) => known === word.replaceAll(/[ -]/g, '_'));
  if (state !== undefined) return state;
  const isYes = booleans.get(word) ?? words.get(word);
  if (isYes !== undefined) return isYes ? yesIs[kind] : 'unsubscribed';
  const states = statesOf[kind].join(', ');
  const more = booleans.size === 0 ? '; --booleans ja/nein adds words' : '';
  throw new ObjectProblem(`${name}: expected ${states}, or a word for yes or no${more}`);
}
