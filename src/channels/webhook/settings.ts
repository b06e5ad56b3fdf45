import { checked, flag, list, object, optional, type Read, text } from '../../lib/raw/shape.ts';
import { targetProblem } from '../../net/allowed-target.ts';

/** The section `webhook` of the workspace file. */
export const webhookSection = object({
  deliver: optional(flag, false),
  allow: optional(list(checked(text(), targetProblem), 1_000), []),
});

/**
 * A workspace's settings for webhooks. `deliver` false: webhooks go to the sandbox. `allow`: inner hosts, addresses and
 * subnets that webhooks may call, at the port that an entry names, else at 80 and 443.
 */
export type WebhookSettings = Readonly<Read<typeof webhookSection>>;
