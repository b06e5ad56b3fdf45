import { channelKeys } from '../src/channels/channel.ts';
import { providerKinds } from '../src/channels/providers.ts';

/**
 * A channel knows its own facts, and `src/dispatch` asks for them (`src/channels/channel.ts`), so that whoever adds or fixes a
 * channel works in one folder. Therefore nothing in `src/dispatch` may name a channel or a kind of provider.
 */
const names = [...channelKeys, ...Object.keys(providerKinds)];
/** `email` is also a field of a person and a kind of address. So only a text or a setting of this name is suspect. */
const suspects = [
  ...names.map((name) =>
    name === 'email' ? /['"`]email['"`]|\b(settings|messages)\??\.email\b/ : new RegExp(`\\b${name}\\b`),
  ),
  /from '[^']*\/channels\/(?!push\/)[^'/]+\//, // the folder of one channel; push/ is what all pushes share
];

/** Texts that look like a channel but are none, each with its reason. */
const exceptions: readonly { pattern: RegExp; reason: string }[] = [
  { pattern: /\bkind === 'email'/, reason: 'a kind of address: which column of a person, which flags' },
  { pattern: /\bby(\?: 'braze_id' \||:| ===) 'email'/, reason: 'an address by which a trigger names a person' },
  { pattern: /kind: 'email', addresses/, reason: 'a kind of address: which people have it' },
  { pattern: /'braze_id', 'email'\]/, reason: 'the members of a recipient that name a person' },
  { pattern: /\b(own\(given, |reader\.(get|refuse)\()'email'/, reason: 'the member of a recipient, or of attributes' },
  { pattern: /case 'email'|a\.kind = 'email'/, reason: 'a kind of address, in the gates that are SQL' },
  { pattern: /'email', lower\(address\)/, reason: 'the kind of an address in the table of addresses' },
];

/** Finds every line of a source text that names a channel or a kind of provider. Comments may name them. */
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
