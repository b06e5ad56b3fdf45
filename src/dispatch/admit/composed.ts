import type { ShortLink } from '../../feedback/tracking/short-links.ts';
import type { PushTarget } from '../../people/profile/facts.ts';
import type { Later, Refusal } from './decision.ts';

/** One person's message, or why there is none or none yet. */
export type Composed = ComposedMessage | Refusal | Later;

export interface ComposedMessage {
  kind: 'composed';
  rendered: object;
  shortLinks?: readonly ShortLink[];
  /** What each device gets, if they get different things. Absent: all get the same. */
  perDevice?: DeviceMessages;
  /** The pairs that its templates attach to its send. Absent: none. */
  extras?: Readonly<Record<string, string>>;
}

/** What one device gets, or why it gets nothing. */
export type DeviceMessage = { kind: 'composed'; rendered: object } | Refusal;

/** The messages of a person's devices, by `targetKey`. */
export type DeviceMessages = ReadonlyMap<string, DeviceMessage>;

export function targetKey({ appId, token }: Pick<PushTarget, 'appId' | 'token'>): string {
  return `${appId} ${token}`;
}
