import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import pg from 'pg';
import { testDatabase } from '../../test/support/database.ts';
import { clientConfig } from './connection.ts';
import { ListeningConnection } from './listen.ts';
import { sql } from './sql.ts';
import { troubleOf } from './trouble.ts';

test('a transaction that throws leaves nothing behind', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const insert = sql`insert into send_ids (campaign_id, send_id) values ('none', 'x')`;
  const work = db.transaction(async (tx) => {
    await tx.run(sql`update workspaces set name = 'renamed' where id = ${workspaceId}`);
    await tx.run(insert); // no such campaign
  });
  await assert.rejects(work, /foreign key/);
  const { name } = await db.one<{ name: string }>(sql`select name from workspaces where id = ${workspaceId}`);
  assert.equal(name, 'test');
});

test('one() throws for no row and for several rows', async (t) => {
  const { db } = await testDatabase(t);
  await assert.rejects(db.one(sql`select 1 where false`), /expected one row/);
  await assert.rejects(db.one(sql`select generate_series(1, 2)`), /at most one row/);
});

test('a listener hears what other connections announce', async (t) => {
  const { db } = await testDatabase(t);
  const heard = Promise.withResolvers<string>();
  const listener = await db.listen('catalog', heard.resolve);
  t.after(() => listener.stop());
  await db.run(sql`select pg_notify('catalog', 'changed')`);
  assert.equal(await heard.promise, 'changed');
});

test('a connection that ends between two statements of a transaction fails the transaction and nothing else', async (t) => {
  const { db } = await testDatabase(t);
  const work = db.transaction(async (tx) => {
    const { pid } = await tx.one<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    await db.run(sql`select pg_terminate_backend(${pid}, 5000)`);
    await tx.run(sql`select 1`);
  });
  await assert.rejects(work, /terminat|not queryable|EPIPE|ECONNRESET/);
  assert.deepEqual(await db.one(sql`select 1 as still`), { still: 1 });
});

test('a connection that ends without a word of the server is a database that does not answer', async (t) => {
  const { url } = await testDatabase(t);
  const socket = new Socket();
  const client = new pg.Client({ ...clientConfig(url), stream: () => socket });
  client.on('error', () => undefined); // each statement fails with it
  await client.connect();
  const running = client.query('select pg_sleep(600)');
  socket.destroy();
  const isAway = (error: unknown) => troubleOf(error)?.kind === 'unreachable';
  await assert.rejects(running, isAway);
  await assert.rejects(client.query('select 1'), isAway);
});

test('a listener that is stopped while it reconnects leaves no connection behind', async (t) => {
  const { url } = await testDatabase(t);
  const sockets: Socket[] = [];
  const again = Promise.withResolvers<Socket>();
  const stream = () => {
    const socket = new Socket();
    if (sockets.push(socket) === 2) again.resolve(socket);
    return socket;
  };
  const heard: string[] = [];
  const errors: Error[] = [];
  const connection = new ListeningConnection({ ...clientConfig(url), stream }, (error) => errors.push(error));
  const listener = await connection.listen('catalog', (notice) => heard.push(notice));
  sockets[0]?.destroy();
  const second = await again.promise;
  const closed = once(second, 'close');
  await listener.stop();
  await closed;
  assert.equal(sockets.length, 2);
  assert.deepEqual(heard, [], 'a stopped listener hears nothing');
  assert.equal(errors.length, 1);
});

test('a database that stays away is reported twice, not at every try', async (t) => {
  const { url } = await testDatabase(t);
  const sockets: Socket[] = [];
  const fourth = Promise.withResolvers<void>();
  const stream = () => {
    const socket = new Socket();
    if (sockets.push(socket) > 1) setImmediate(() => socket.destroy());
    if (sockets.length === 4) fourth.resolve();
    return socket;
  };
  const errors: Error[] = [];
  const connection = new ListeningConnection({ ...clientConfig(url), stream }, (error) => errors.push(error));
  const listener = await connection.listen('catalog', assert.fail);
  sockets[0]?.destroy();
  await fourth.promise;
  await listener.stop();
  assert.equal(errors.length, 2);
});

/** A database whose listeners count the connections that they make. */
async function countedListening(t: TestContext) {
  const { db, url } = await testDatabase(t);
  const sockets: Socket[] = [];
  const stream = () => {
    const socket = new Socket();
    sockets.push(socket);
    return socket;
  };
  const connection = new ListeningConnection({ ...clientConfig(url), stream }, () => undefined);
  return { db, connection, sockets };
}

/** A listener whose notices can be awaited, one after the other. */
function hearing() {
  const heard: string[] = [];
  const waiting: ((payload: string) => void)[] = [];
  return {
    onNotice(payload: string) {
      const next = waiting.shift();
      if (next === undefined) heard.push(payload);
      else next(payload);
    },
    next: async () => heard.shift() ?? new Promise<string>((done) => waiting.push(done)),
  };
}

test('listeners share one connection, and each hears its own channel', async (t) => {
  const { db, connection, sockets } = await countedListening(t);
  const [one, other, third] = [hearing(), hearing(), hearing()];
  const listeners = await Promise.all([
    connection.listen('one', one.onNotice),
    connection.listen('other', other.onNotice),
    connection.listen('other', third.onNotice),
  ]);
  await db.run(sql`select pg_notify('one', '1'), pg_notify('other', '2')`);
  assert.deepEqual(await Promise.all([one.next(), other.next(), third.next()]), ['1', '2', '2']);

  await listeners[1].stop();
  await db.run(sql`select pg_notify('other', '3'), pg_notify('one', '4')`);
  assert.deepEqual(await Promise.all([one.next(), third.next()]), ['4', '3']);

  const [socket] = sockets;
  assert.ok(socket);
  const closed = once(socket, 'close');
  await Promise.all([listeners[0].stop(), listeners[2].stop()]);
  await closed;
  assert.equal(sockets.length, 1);
});

test('after a break every listener is told once that it may have missed something, also if another one makes the connection', async (t) => {
  const { db, connection, sockets } = await countedListening(t);
  const [one, other, late] = [hearing(), hearing(), hearing()];
  const listeners = [await connection.listen('one', one.onNotice), await connection.listen('other', other.onNotice)];
  const [socket] = sockets;
  assert.ok(socket);
  const broken = once(socket, 'close');
  socket.destroy();
  await broken;
  listeners.push(await connection.listen('late', late.onNotice));
  assert.deepEqual(await Promise.all([one.next(), other.next()]), ['', '']);
  await db.run(sql`select pg_notify('one', '1'), pg_notify('other', '2')`);
  assert.deepEqual(await Promise.all([one.next(), other.next()]), ['1', '2']);
  assert.equal(sockets.length, 2);
  for (const listener of listeners) await listener.stop();
});

test('a connection that all have left is made again for the next one', async (t) => {
  const { db, connection, sockets } = await countedListening(t);
  for (const payload of ['1', '2']) {
    const one = hearing();
    const listener = await connection.listen('one', one.onNotice);
    await db.run(sql`select pg_notify('one', ${payload})`);
    assert.equal(await one.next(), payload);
    await listener.stop();
    await assert.rejects(listener.ping(), /broken/);
  }
  assert.equal(sockets.length, 2);
});
