import { own } from '../../lib/raw/json.ts';
import { isGiven } from '../../lib/raw/lenient.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import type { ChannelSettings } from '../channel-settings.ts';
import { checkCredentials } from './attachments/schema.ts';
import { checkBcc } from './bcc.ts';
import type { EmailMessage } from './schema.ts';

/** Gives a mail without a sender the workspace's default sender. */
export function withDefaultSender(
  raw: Record<string, unknown>,
  { email: { defaultFrom } }: ChannelSettings,
): Record<string, unknown> {
  return isGiven(own(raw, 'from')) || defaultFrom === null ? raw : { ...raw, from: defaultFrom };
}

export function checkInWorkspace(
  message: EmailMessage,
  path: string,
  problems: Problems,
  { email: { attachments, bcc } }: ChannelSettings,
): void {
  checkCredentials(message.attachments ?? [], `${path}.attachments`, problems, attachments.credentials);
  checkBcc(message.bcc, `${path}.bcc`, problems, bcc);
  if (message.from === undefined)
    problems.add('required', `${path}.from`, 'is required: this workspace has no default sender');
}
