import type { EmailSettings } from './email/settings.ts';
import type { WebhookSettings } from './webhook/settings.ts';

/** What a workspace says of its channels: the sections of the workspace file that belong to one. */
export interface ChannelSettings {
  email: EmailSettings;
  webhook: WebhookSettings;
}
