import assert from 'node:assert/strict';
import test from 'node:test';
import { countWorkers } from './gauges.ts';

test('workers that hang are not counted, so that the alert for a lane without workers fires', () => {
  const workers = [
    { lanes: 'named', silentMs: 14_999 },
    { lanes: 'named', silentMs: 15_000 },
    { lanes: 'broadcast', silentMs: 60_000 },
  ];
  assert.deepEqual([countWorkers(workers, 'named'), countWorkers(workers, 'broadcast')], [1, 0]);
  assert.equal(countWorkers([...workers, { lanes: 'all', silentMs: 0 }], 'broadcast'), 1);
});
