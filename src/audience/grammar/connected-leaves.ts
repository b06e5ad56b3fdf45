import type { ConnectedLeaf } from './filter.ts';
import type { LeafBody } from './leaf-body.ts';
import { readValueTest } from './read-tests.ts';

/** How one kind of filter is read: its known members, and the reader. */
export interface LeafKind<Made> {
  members: readonly string[];
  read(body: LeafBody): Made | null;
}

/** The filters of a connected audience. Source: audience.md §2. */
export const connectedLeaves: Readonly<Record<string, LeafKind<ConnectedLeaf>>> = {
  custom_attribute: { members: ['custom_attribute_name', 'comparison', 'value'], read: customAttribute },
  push_subscription_status: { members: ['comparison', 'value'], read: (body) => state(body, 'push') },
  email_subscription_status: { members: ['comparison', 'value'], read: (body) => state(body, 'email') },
  last_used_app: { members: ['comparison', 'value'], read: lastUsedApp },
};

function customAttribute(body: LeafBody): ConnectedLeaf | null {
  const name = body.attributeName();
  if (name === null) return null;
  const test = readValueTest(body);
  return test && { kind: 'custom_attribute', name, ...test };
}

function state(body: LeafBody, of: 'push' | 'email'): ConnectedLeaf | null {
  const is = body.either('comparison', 'is', 'is_not');
  const wanted = body.oneOf('value', ['opted_in', 'subscribed', 'unsubscribed']);
  return is === null || wanted === null ? null : { kind: 'state', of, is, state: wanted };
}

function lastUsedApp(body: LeafBody): ConnectedLeaf | null {
  const comparison = body.oneOf('comparison', ['after', 'before']);
  const at = comparison && body.time('value');
  return comparison === null || at === null ? null : { kind: 'last_used_app', comparison, at };
}
