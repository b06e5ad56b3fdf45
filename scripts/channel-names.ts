import { channelKeys } from '../src/channels/channel.ts';
import { providerKinds } from '../src/channels/providers.ts';

/**
 * A channel knows its own facts, and `src/dispatch` asks it (`src/channels/channel.ts`): whoever adds a channel or mends one
 * looks into one folder. So nothing in `src/dispatch` may name a channel or a kind of provider.
 */
const names = [...channelKeys, ...Object.keys(providerKinds)];
/** `email` is also a member of people and a kind of address, so that only a text or a setting of this name is suspect. */
const suspects = [
  ...names.map((name) =>
    name === 'email' ? /['"`]email['"`]|\b(settings|messages)\??\.email\b/ : new RegExp(`\\b${name}\\b`),
  ),
  /from '[^']*\/channels\/[^'/]+\//, // the folder of one channel
];

/** Which are no channels: each with its reason. */
const exceptions: readonly { pattern: RegExp; reason: string }[] = [
  { pattern: /\bkind === 'email'/, reason: 'a kind of address: which column of a person, which flags' },
  { pattern: /case 'email'|a\.kind = 'email'/, reason: 'a kind of address, in the gates that are SQL' },
  { pattern: /'email', lower\(address\)/, reason: 'the kind of an address in the table of addresses' },
];

/** Every line of a source text that names a channel or a kind of provider; comments may. */
export function channelNamesIn(path: string, source: string): string[] {
  return withoutComments(source)
    .split('\n')
    .flatMap((line, index) => {
      const rest = exceptions.reduce((text, { pattern }) => text.replace(pattern, ''), line);
      return suspects.some((suspect) => suspect.test(rest))
        ? [`${path}:${index + 1}: names a channel: ${line.trim()}`]
        : [];
    });
}

function withoutComments(source: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, '');
  return source.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/.*$/gm, '$1');
}
