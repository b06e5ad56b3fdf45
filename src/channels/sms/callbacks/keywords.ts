/** What a word that somebody sends means. */
export type KeywordMeaning = 'opt_in' | 'opt_out' | 'help';

export interface Keyword {
  meaning: KeywordMeaning;
  /** What is answered. null: nothing, because Twilio answers its own words itself. */
  reply: string | null;
  /** The language of the table that has the word. null: it is one of Twilio's words. */
  language: string | null;
}

/** The words of one language, as the workspace file has them. */
export type KeywordTable = { language: string } & {
  [Meaning in KeywordMeaning]?: { words: readonly string[]; reply: string | null } | undefined;
};

/**
 * The words that Twilio itself acts on: after one of the first list it sends nothing more to the number, so they always
 * count. Source: Twilio, "Advanced Opt-Out"; messaging-objects.md §7.8.
 */
const twilioWords: Readonly<Record<KeywordMeaning, readonly string[]>> = {
  opt_out: ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT'],
  opt_in: ['START', 'YES', 'UNSTOP'],
  help: ['HELP', 'INFO'],
};

const meanings = Object.keys(twilioWords) as KeywordMeaning[];

/** Longer than any keyword, so that long texts are not compared. */
const LONGEST_WORD = 200;

/** The form in which words are compared: without letter case and surrounding blanks. */
export function keywordKey(word: string): string {
  return word.trim().normalize('NFC').toUpperCase();
}

/** The meaning of a whole text. null: it is no keyword. A word in a longer text is none. */
export function findKeyword(text: string, tables: readonly KeywordTable[] = []): Keyword | null {
  if (text.length > LONGEST_WORD) return null;
  const key = keywordKey(text);
  for (const table of tables)
    for (const meaning of meanings) {
      const category = table[meaning];
      if (category?.words.some((word) => keywordKey(word) === key))
        return { meaning, reply: category.reply, language: table.language };
    }
  const meaning = meanings.find((one) => twilioWords[one].includes(key));
  return meaning === undefined ? null : { meaning, reply: null, language: null };
}
