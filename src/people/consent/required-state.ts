export const requiredStates = ['opted_in', 'subscribed', 'all'] as const;

/** The global subscription states that a send reaches. `all` also reaches people who have unsubscribed. */
export type RequiredState = (typeof requiredStates)[number];
