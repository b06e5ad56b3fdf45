import type { Outcome } from './outcome.ts';

/** One rendered message on its way to one device. */
export interface Push<Rendered extends object = object> {
  rendered: Rendered;
  token: string;
  /** When the token was (last) registered: a provider's older word about it no longer holds. */
  registeredAt: Date;
  /** The same on every attempt to this device; a lower-case UUID. */
  pushId: string;
  /** When the dispatch was accepted: a message's time to live counts from here. */
  acceptedAt: Date;
}

/**
 * What came of one call, and what it says of the token. `suspect`: the reason may also mean that our settings are wrong,
 * so the token is set aside first. Source: messaging-objects.md 1.9 and 1.11.
 */
export type PushOutcome =
  | { kind: 'accepted'; providerId: string | null; newToken?: string }
  | { kind: 'bounced'; reason: string; token: 'remove' | 'suspect' }
  | Exclude<Outcome, { kind: 'accepted' | 'bounced' }>;

/** Talks to one provider with the credentials of one app. */
export interface PushSender<Rendered extends object = object> {
  /** Never throws for what a provider or the network does. Resolves once the provider has answered. */
  deliver(push: Push<Rendered>, signal: AbortSignal): Promise<PushOutcome>;
  close(): Promise<void>;
}
