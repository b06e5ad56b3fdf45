/** The number has opted out of the sender's messages (STOP). */
export const OPTED_OUT = '21610';

/** The number is none, or takes no texts: nobody will ever get a message there. */
const dead: ReadonlySet<string> = new Set(['21211', '21217', '21614', '21635']);
/** No carrier delivers to the number, though another kind of message may arrive. */
const unreachable: ReadonlySet<string> = new Set(['30005', '30006']);

/** Our credentials, sender or service are wrong, so no message of the account goes out. */
const ourFault: ReadonlySet<string> = new Set([
  ...['20003', '20005', '20404'],
  ...['21212', '21603', '21606', '21609', '21659', '21660', '21701', '21703', '21705'],
  ...['30002', '30034'],
]);

/** The account or its sender may not send more now. */
const tooMany: ReadonlySet<string> = new Set(['20429', '21611', '30001', '30022']);

/** What one of Twilio's error codes means. Source: Twilio, "Error and Warning Dictionary"; messaging-objects.md §7.7. */
export type ErrorMeaning = 'dead_number' | 'opted_out' | 'our_fault' | 'too_many' | 'refused';

export function meaningOf(code: string): ErrorMeaning {
  if (code === OPTED_OUT) return 'opted_out';
  if (dead.has(code) || unreachable.has(code)) return 'dead_number';
  if (ourFault.has(code)) return 'our_fault';
  return tooMany.has(code) ? 'too_many' : 'refused';
}

/** Whether a number is dead after this error. A number that refuses media may still take texts. */
export function isDeadNumber(code: string, { hasMedia }: { hasMedia: boolean }): boolean {
  return dead.has(code) || (unreachable.has(code) && !hasMedia);
}
