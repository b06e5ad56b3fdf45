import assert from 'node:assert/strict';
import test from 'node:test';
import { Room, RoomFull } from './room.ts';

const bounds = { most: 3, mostOfOwner: 2, mostWaiting: 3, mostWaitingOfOwner: 2 };

/** Runs works in a room that end when they are told. */
function rehearsal() {
  const room = new Room(bounds);
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const run = (owner: number, name: string) =>
    room.run(owner, () => {
      begun.push(name);
      return new Promise<string>((resolve, reject) =>
        ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error))),
      );
    });
  return { begun, run, end: (name: string, error?: Error) => ends.get(name)?.(error) };
}

test('an owner has its share and no more, and the next of any owner with a free place begins', async () => {
  const { begun, run, end } = rehearsal();
  const works = ['a1', 'a2', 'a3', 'a4'].map((name) => run(1, name));
  assert.deepEqual(begun, ['a1', 'a2']);
  await assert.rejects(run(1, 'a5'), RoomFull, 'two of the owner wait already');
  works.push(run(2, 'b1'), run(2, 'b2'));
  assert.deepEqual(begun, ['a1', 'a2', 'b1']);
  await assert.rejects(run(3, 'c1'), RoomFull, 'three wait already');
  end('b1');
  await works[4];
  assert.deepEqual(begun, ['a1', 'a2', 'b1', 'b2'], 'the first that waits is of an owner with its share');
  for (const name of ['a1', 'b2', 'a2', 'a3', 'a4']) {
    end(name);
    await new Promise(setImmediate);
  }
  assert.deepEqual(await Promise.all(works), ['a1', 'a2', 'a3', 'a4', 'b1', 'b2']);
  assert.deepEqual(begun, ['a1', 'a2', 'b1', 'b2', 'a3', 'a4']);
});

test('work that fails leaves its place', async () => {
  const { begun, run, end } = rehearsal();
  const works = ['a1', 'a2', 'a3'].map((name) => run(1, name));
  end('a1', new Error('no'));
  await assert.rejects(works[0] ?? Promise.resolve(), /no/);
  assert.deepEqual(begun, ['a1', 'a2', 'a3']);
  end('a2');
  end('a3');
  await Promise.all(works.slice(1));
});
