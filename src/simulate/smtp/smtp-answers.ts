import { canonical } from '../answers.ts';

/** What the stand-in does with one recipient of a mail. */
export interface SmtpAnswer {
  /** When it is given: at `RCPT TO`, or after the text of the mail. */
  at: 'recipient' | 'text';
  /** `reply`: it says `text`. `hang_up`: it says `text`, if there is one, and closes the connection. `silence`: it says nothing. */
  kind: 'reply' | 'hang_up' | 'silence';
  /** The reply, without the line end. */
  text: string;
  accepts?: true;
  kills?: true;
  isSlow?: true;
}

const TAKEN = '250 2.0.0 Ok: queued';
const at = (at: SmtpAnswer['at'], text: string, more: Partial<SmtpAnswer> = {}): SmtpAnswer => ({
  ...{ at, kind: 'reply', text },
  ...more,
});
const taken = (more: Partial<SmtpAnswer> = {}) => at('text', TAKEN, { accepts: true, ...more });

/** Refusals, by what they are about. `reputation` has Gmail's words, `blocked` Outlook's. Source: RFC 3463. */
const refusals: Readonly<Record<string, SmtpAnswer>> = {
  no_such_user: at('recipient', '550 5.1.1 The email account that you tried to reach does not exist', { kills: true }),
  disabled: at('recipient', '550 5.2.1 The email account that you tried to reach is inactive', { kills: true }),
  mailbox_full: at('recipient', '552 5.2.2 The recipient is over quota'),
  policy: at('recipient', '550 5.7.1 Message refused by policy'),
  greylisted: at('recipient', '451 4.7.1 Greylisting in action, please come back later'),
  try_later: at('recipient', '451 4.3.0 Temporary problem, try again later'),
  busy: at('recipient', '421 4.3.2 System not accepting network messages', { kind: 'hang_up' }),
  storage: at('text', '452 4.3.1 Insufficient system storage'),
  spam: at('text', '554 5.7.1 Message refused as spam'),
  too_large: at('text', '552 5.3.4 Message size exceeds the limit'),
  reputation: at(
    'text',
    '421-4.7.28 Gmail has detected an unusual rate of unsolicited mail. To protect\r\n421 4.7.28 our users from spam, mail has been temporarily rate limited.',
    { kind: 'hang_up' },
  ),
  blocked: at(
    'text',
    "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Part of their network is on our block list (S3150).",
  ),
};

/** Replies by their number alone, as some servers give them at `RCPT TO`. */
const plain = ['421', '450', '451', '452', '454', '550', '551', '552', '553', '554'].map(
  (code): [string, SmtpAnswer] => [
    code,
    at('recipient', `${code} simulated`, code === '421' ? { kind: 'hang_up' } : {}),
  ],
);

/** Faults of networks. */
const faults: Readonly<Record<string, SmtpAnswer>> = {
  accepted: taken(),
  slow: taken({ isSlow: true }),
  lost: taken({ kind: 'hang_up', text: '' }),
  garbage: taken({ text: 'OK!' }),
  close: at('recipient', '', { kind: 'hang_up' }),
  dropped: at('text', '', { kind: 'hang_up' }),
  never: at('text', '', { kind: 'silence' }),
};

/** What comes back of a mail that was accepted, by the name of the answer. Without a service only reports come. */
export const comesBack: Readonly<Record<string, readonly MailNews[]>> = {
  bounce: ['bounced'],
  full: ['full'],
  delayed: ['delayed', 'delivered'],
  complaint: ['delivered', 'complained'],
  vacation: ['delivered', 'vacation'],
  opened: ['delivered', 'opened'],
  clicked: ['delivered', 'opened', 'clicked'],
  unordered: ['clicked', 'delivered', 'opened', 'clicked'],
  mute: [],
};

export type MailNews = 'delivered' | 'bounced' | 'full' | 'delayed' | 'complained' | 'vacation' | 'opened' | 'clicked';

const named: Readonly<Record<string, SmtpAnswer>> = {
  ...refusals,
  ...Object.fromEntries(plain),
  ...Object.fromEntries(Object.keys(comesBack).map((name) => [name, taken()])),
  ...faults,
};

/** Each answer and its name, by its name in lower case without underscores. */
export const smtpAnswers: ReadonlyMap<string, [string, SmtpAnswer]> = new Map(
  Object.entries(named).map(([name, answer]) => [canonical(name), [name, answer]]),
);

/** The answer with this name, and the name as this table has it. undefined: there is none. */
export function smtpAnswer(name: string): [name: string, answer: SmtpAnswer] | undefined {
  return smtpAnswers.get(canonical(name));
}
