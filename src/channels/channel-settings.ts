import type { EmailSettings } from './email/settings.ts';
import type { TrackingSettings } from './tracking.ts';
import type { WebhookSettings } from './webhook/settings.ts';

/** A workspace's settings for its channels. Each member is one section of the workspace file. */
export interface ChannelSettings {
  email: EmailSettings;
  webhook: WebhookSettings;
  /** Absent: neither opens nor clicks are asked for. */
  tracking?: TrackingSettings;
}
