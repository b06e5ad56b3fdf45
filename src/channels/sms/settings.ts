import {
  checked,
  flag,
  integer,
  list,
  matching,
  maybe,
  object,
  optional,
  type Read,
  refuse,
  required,
  type Shape,
  text,
} from '../../lib/raw/shape.ts';
import type { ProviderDefinition } from '../provider.ts';
import { baseUrl, callsPerMinute } from '../setting-shapes.ts';
import { keywordKey } from './callbacks/keywords.ts';

const MOST_WORDS = 100;
const MOST_LANGUAGES = 50;
/** Most segments that a text of 1,600 characters can have. */
const MOST_SEGMENTS = 24;

const word = checked(text({ max: 100 }), (value) =>
  /\s/.test(value.trim()) ? 'expected a single word, such as STOP' : null,
);

const category = object({
  words: required(list(word, MOST_WORDS)),
  /** What is answered to such a word. null: nothing. */
  reply: optional(text({ max: 1_600, multiline: true }), null),
});

const language = object({
  language: required(matching(/^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$/, 'a language such as en or pt-BR')),
  opt_in: maybe(category),
  opt_out: maybe(category),
  help: maybe(category),
});

const categories = ['opt_in', 'opt_out', 'help'] as const;

/** A word means one thing, whatever the language. */
const keywords: Shape<Read<typeof language>[]> = (value, path, problems) => {
  const read = list(language, MOST_LANGUAGES)(value, path, problems);
  if (read === undefined) return undefined;
  const meanings = new Map<string, string>();
  for (const [at, entry] of read.entries())
    for (const name of categories)
      for (const [position, one] of (entry[name]?.words ?? []).entries()) {
        const known = meanings.get(keywordKey(one));
        if (known !== undefined && known !== name)
          return refuse(problems, `${path}[${at}].${name}.words[${position}]`, `is a word of ${known} already`);
        meanings.set(keywordKey(one), name);
      }
  return read;
};

const members = object({
  account_sid: required(matching(/^AC[0-9A-Za-z]{1,62}$/, 'an account SID such as AC0123…')),
  auth_token: required(text()),
  api_key_sid: maybe(matching(/^SK[0-9A-Za-z]{1,62}$/, 'the SID of an API key such as SK0123…')),
  api_key_secret: maybe(text()),
  from: maybe(
    matching(/^(\+[1-9]\d{6,14}|[A-Za-z0-9 ]{1,11}|\d{3,8})$/, 'a number such as +15550100 or a sender name'),
  ),
  messaging_service_sid: maybe(text()),
  smart_encoding: maybe(flag),
  max_segments: maybe(integer(1, MOST_SEGMENTS)),
  keywords: maybe(keywords),
  calls_per_minute: maybe(callsPerMinute),
  callback_url: maybe(baseUrl),
  base_url: maybe(baseUrl),
});

const settings: typeof members = (value, path, problems) => {
  const read = members(value, path, problems);
  if (read === undefined) return undefined;
  if ((read.from === undefined) === (read.messaging_service_sid === undefined))
    return refuse(problems, path, 'expected either from or messaging_service_sid');
  if ((read.api_key_sid === undefined) !== (read.api_key_secret === undefined))
    return refuse(problems, path, 'expected api_key_sid and api_key_secret together');
  return read;
};

/** One subscription group's account with Twilio. */
export type TwilioSettings = Read<typeof settings>;

export const twilio: ProviderDefinition<TwilioSettings> = {
  settings,
  secrets: ['auth_token', 'api_key_secret'],
  fits: 'sms',
  callsPerMinute: null,
  // Twilio limits each sender, whichever groups use it.
  countedBy: ({ account_sid, from, messaging_service_sid }) => `${account_sid} ${from ?? messaging_service_sid}`,
};
