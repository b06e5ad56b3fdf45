// A small run of the harness: real processes on their own database.
import assert from 'node:assert/strict';
import test from 'node:test';
import { persistently } from '../rig/waiting.ts';
import { freeLeases } from '../src/queue/tasks.ts';
import { listWorkers } from '../src/queue/workers.ts';
import { untilEnded } from './progress.ts';
import { conclude } from './scenario.ts';
import { takeSteps } from './strike.ts';
import { sendBroadcasts, withWorld } from './world.ts';

test('the books balance after both workers and PostgreSQL were killed while 300 pushes went out', async (t) => {
  const options = { seed: 1, people: 300, channel: 'push', delivery: 'at_least_once' } as const;
  const { channels, duplicates, problems } = await withWorld(options, async (world) => {
    await world.simulator.setFaults({ latency: 200 }); // otherwise everything would be sent before the first kill
    const dispatchIds = await sendBroadcasts(world);
    const damage = await takeSteps(
      world,
      [
        { at: 0.1, kind: 'kill', victims: ['worker 1', 'worker 2'], downMs: 0 },
        { at: 0.1, kind: 'restart database', mode: 'immediate', downMs: 0 },
      ],
      ({ reached, what }) => t.diagnostic(`${reached} reached: ${what}`),
    );
    // There is no need to wait until the leases of the dead expire. The workers of now may have leased tasks already.
    await persistently(5_000, async () => {
      const living = await listWorkers(world.db);
      await freeLeases(
        world.db,
        living.map(({ id }) => id),
      );
    });
    await untilEnded(world);
    return conclude(world, { dispatchIds, damage, isCancelled: false }, [], []);
  });
  t.diagnostic(`duplicates: ${duplicates[0]?.count}`);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    channels.map(({ channel, rows, reached, lost }) => ({ channel, rows, reached, lost })),
    ['apple_push', 'android_push'].map((channel) => ({ channel, rows: 300, reached: 150, lost: 0 })),
  );
});
