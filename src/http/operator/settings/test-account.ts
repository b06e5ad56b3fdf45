import type { AccountCheck } from '../../../channels/checks/account-check.ts';
import { checkAccount } from '../../../channels/checks/check-account.ts';
import { checkRelay } from '../../../channels/checks/relay.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { idKey, type WorkspaceCatalog } from '../../../workspace/catalog.ts';

export const checkable = ['app', 'group', 'relay'] as const;
export type Checkable = (typeof checkable)[number];

/** Calls what has an account in a way that reaches nobody. Rejects with RequestError if there is no such account. */
export async function testAccount(
  workspace: WorkspaceCatalog,
  { kind, id }: { kind: Checkable; id: string },
  clock: Clock,
): Promise<AccountCheck> {
  if (kind === 'relay') return testRelay(workspace, id);
  const owner = (kind === 'app' ? workspace.apps : workspace.subscriptionGroups).get(idKey(id));
  if (owner === undefined) throw new RequestError('not_found', [`id: no ${kind} has this id`]);
  if (owner.provider === undefined)
    throw new RequestError('bad_request', [`id: this ${kind} has no provider; its messages go to the sandbox`]);
  return checkAccount(owner.provider, clock);
}

function testRelay({ settings }: WorkspaceCatalog, name: string): Promise<AccountCheck> {
  const relay = settings.email.smtp?.find((one) => one.name === name);
  if (relay === undefined) throw new RequestError('not_found', ['id: no mail relay has this name']);
  return checkRelay(relay);
}
