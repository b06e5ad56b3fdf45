/** How long a relay may take, in milliseconds: to let us connect, to greet us, and to answer later. */
export const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 60_000 };

/**
 * Longest time of all steps together, in milliseconds, because a relay that sends a little now and then meets each of the
 * other limits: one mail, with its connection, and one login without a mail.
 */
export const longest = { mail: 300_000, login: 30_000 };

/** The error of a relay that took longer than that, as the mail library makes those of the other limits. */
export function tookTooLong(limitMs: number): Error {
  return Object.assign(new Error(`the relay took longer than ${limitMs / 1_000} s for all its answers`), {
    code: 'ETIMEDOUT',
  });
}
