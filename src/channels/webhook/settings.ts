import { checked, flag, list, object, optional, type Read, text } from '../../lib/shape.ts';
import { targetProblem } from '../../net/allowed-target.ts';

/** The section `webhook` of the workspace file. */
export const webhookSection = object({
  deliver: optional(flag, false),
  allow: optional(list(checked(text(), targetProblem), 1_000), []),
});

/**
 * The settings of a workspace for its webhooks. `deliver` false: they go to the sandbox. `allow`: inner hosts, addresses and
 * subnets that webhooks may reach all the same, also on unusual ports.
 */
export type WebhookSettings = Readonly<Read<typeof webhookSection>>;
