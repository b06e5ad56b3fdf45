/**
 * A text that an export does not show, in part or as a whole: a secret, or a text that the workspace file would read as a
 * reference. Nothing prints it by accident.
 */
export class Hidden {
  /** What is shown and what is hidden, in order. */
  readonly #parts: readonly (string | HiddenPart)[];
  readonly isSecret: boolean;

  constructor(parts: readonly (string | HiddenPart)[], { isSecret = true }: { isSecret?: boolean } = {}) {
    this.#parts = parts;
    this.isSecret = isSecret;
  }

  /** The text with `instead` in the place of each hidden part. */
  show(instead: (part: HiddenPart) => string): string {
    return this.#parts.map((part) => (typeof part === 'string' ? part : instead(part))).join('');
  }

  /** Whether some of it is shown. */
  get isPartlyShown(): boolean {
    return this.#parts.some((part) => typeof part === 'string');
  }

  /** What is hidden of it. null: nobody knows it, because only its hash is stored. */
  get value(): string | null {
    const hidden = this.#parts.filter((part) => typeof part !== 'string');
    return hidden.some(({ value }) => value === null) ? null : hidden.map(({ value }) => value).join('\n');
  }
}

export interface HiddenPart {
  /** null: nobody knows it. */
  value: string | null;
  /** What it is, in words of which the name of a variable is made, such as `Acme iOS`, `apns`, `key`. */
  words: readonly string[];
}

/** A secret. `words`: what it is. */
export function secret(value: string | null, ...words: readonly string[]): Hidden {
  return new Hidden([{ value, words }]);
}

/**
 * The URL of a mail relay without its password. A user without a password is a secret, too, and so is one that is the same as
 * the password: some services want their token there.
 */
export function relayUrl(url: string, relay: string): string | Hidden {
  const [, scheme = '', authority = '', rest = ''] = /^([a-z]+:\/\/)([^/?#]*)(.*)$/is.exec(url) ?? [];
  const end = authority.lastIndexOf('@');
  if (end === -1) return url;
  const [user = '', ...more] = authority.slice(0, end).split(':');
  const password = more.length === 0 ? undefined : more.join(':');
  const hide = (value: string, word: string) => ({ value, words: ['smtp', relay, word] });
  const isSecretUser = user !== '' && (password === undefined || password === user);
  const parts = [
    scheme,
    isSecretUser ? hide(user, 'user') : user,
    ...(password === undefined || password === '' ? [] : [':', hide(password, 'password')]),
    authority.slice(end) + rest,
  ];
  return parts.every((part) => typeof part === 'string') ? url : new Hidden(parts);
}
