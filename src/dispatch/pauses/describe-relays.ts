import { hostAndPort } from '../../channels/relay-address.ts';
import type { Db } from '../../db/database.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { type Pause, standingPauses } from './pauses-store.ts';
import { relayChannels, relaySubject, relaysOf } from './subject.ts';

/** The state of each mail relay of a workspace, for operators. */
export async function describeRelays(db: Db, workspace: WorkspaceCatalog, now: Date): Promise<object[]> {
  const relays = relayChannels.flatMap((channel) => relaysOf(workspace, channel));
  if (relays.length === 0) return [];
  const pauses = new Map((await standingPauses(db, workspace.id, now)).map((one) => [one.subject, one]));
  return relays.map(({ name, url }) => {
    const { hostname, port } = hostAndPort(url);
    return { name, host: hostname, port, ...describePause(pauses.get(relaySubject(name))) };
  });
}

/** The state of something that may be paused. */
export function describePause(pause: Pause | undefined): object {
  if (pause === undefined) return { state: 'open' };
  const { cause, reason, since, probeAt } = pause;
  return { state: 'paused', cause, reason, since, next_probe_at: probeAt };
}
