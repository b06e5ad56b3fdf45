import type { Problems } from '../../lib/raw/problems.ts';
import type { ChannelSettings } from '../channel-settings.ts';
import { isTemplate } from '../fields.ts';
import type { WebhookMessage } from './schema.ts';

/** Refuses unusual ports if the operator allows no targets. With allowed targets, the call itself checks the port. */
export function checkPort(
  { url }: WebhookMessage,
  path: string,
  problems: Problems,
  { webhook: { allow } }: ChannelSettings,
): void {
  if (isTemplate(url) || !URL.canParse(url) || allow.length > 0) return;
  const { port } = new URL(url);
  if (port !== '' && port !== '80' && port !== '443') {
    problems.add(
      'range',
      `${path}.url`,
      `expected port 80 or 443, got ${port}: webhook.allow in the workspace file names no other target`,
    );
  }
}
