import type { Logger } from 'pino';
import type { Database } from '../../../db/database.ts';
import type { Clock } from '../../../lib/clock.ts';
import { mayAct } from '../../../operators/roles.ts';
import { listStanding } from '../../../operators/sessions.ts';
import type { OperatorStream } from '../route.ts';
import { EventStreams } from './streams.ts';
import { Watch, type WatchDeps } from './watch.ts';

export interface LiveDeps extends Pick<WatchDeps, 'troublesOf'> {
  db: Database;
  clock: Clock;
  log: Logger;
}

/** A stream that says which things changed, and of which dispatches. Whoever wants to know what they are now asks. */
export function liveRoute(deps: LiveDeps): OperatorStream {
  const { db, clock, log } = deps;
  const watches = new Map<number, Watch>();
  const streams = new EventStreams({
    clock,
    log,
    async mayStillRead(sessionIds) {
      const standing = await listStanding(db, sessionIds, clock.now());
      return new Set(standing.filter(({ role }) => mayAct(role, 'viewer')).map(({ id }) => id));
    },
  });

  function watchOf(workspaceId: number): Watch {
    const watch = watches.get(workspaceId) ?? new Watch(deps, workspaceId);
    watches.set(workspaceId, watch);
    return watch;
  }

  return {
    method: 'GET',
    path: '/operator/v1/events',
    role: 'viewer',
    open({ session, workspaceId, lastEventId }) {
      streams.checkRoom(session.id);
      return (answer, headers) => {
        if (answer.destroyed) return;
        answer.writeHead(200, { ...headers, ...streamHeaders }).flushHeaders();
        const watch = watchOf(workspaceId);
        const stream = streams.add(session.id, answer, () => {
          watch.leave(stream);
          if (watch.isIdle) watches.delete(workspaceId);
        });
        watch.join(stream, lastEventId, ({ id, missed }) => stream.changed(id, missed));
      };
    },
    async close() {
      const open = [...watches.values()];
      streams.close();
      await Promise.all(open.map((watch) => watch.idle()));
    },
  };
}

/** Without the last one, nginx keeps events back until its buffer is full. */
const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};
