import type { Problems } from '../../lib/problems.ts';
import type { ChannelSettings } from '../channel-settings.ts';
import type { EmailMessage } from './schema.ts';

/** A mail without a sender has the workspace's. */
export function withDefaultSender(
  raw: Record<string, unknown>,
  { email: { defaultFrom } }: ChannelSettings,
): Record<string, unknown> {
  const hasSender = Object.hasOwn(raw, 'from') && raw.from !== null && raw.from !== '';
  return hasSender || defaultFrom === null ? raw : { ...raw, from: defaultFrom };
}

export function checkSender(message: EmailMessage, path: string, problems: Problems): void {
  if (message.from === undefined)
    problems.add('required', `${path}.from`, 'is required: this workspace has no default sender');
}
