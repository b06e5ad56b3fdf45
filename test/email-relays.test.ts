// Several mail relays: which of them gets a mail, and which is left out.
import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { type MailServer, smtpReply, startMailServer } from './support/mail-server.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const email = { app_id: APP, subject: 'Hello', body: '<p>Hello</p>' };

interface World {
  app: TestApp;
  /** Sends a mail and waits until everything due has been tried. Returns the verdict. */
  send(name?: string, more?: object): Promise<Record<string, unknown>>;
  verdict(dispatchId: string): Promise<Record<string, unknown>>;
}

async function start(t: TestContext, relays: Record<string, string>): Promise<World> {
  const app = await startTestApp(t);
  const list = Object.entries(relays).map(([name, url]) => `    - { name: ${name}, url: "${url}" }`);
  await app.givenWorkspace(
    `apps: [{ id: ${APP}, name: iOS, platform: ios }]\nemail:\n  default_from: a@acme.test\n  smtp:\n${list.join('\n')}`,
  );
  const names = ['ada', 'dead'];
  await app.post('/users/track', {
    attributes: names.map((external_id) => ({ external_id, email: `${external_id}@example.test` })),
  });
  const verdict = async (id: string) => (await app.get(`/dispatches/${id}/recipients`)).body.recipients[0];
  return {
    app,
    verdict,
    async send(name = 'ada', more = {}) {
      const { status, body } = await app.post('/messages/send', {
        external_user_ids: [name],
        messages: { email },
        ...more,
      });
      assert.equal(status, 201, JSON.stringify(body));
      await app.drain();
      return { id: body.dispatch_id, ...(await verdict(body.dispatch_id)) };
    },
  };
}

/** A relay that answers each line with `answer`, and hangs up if that is null. */
async function startRawRelay(t: TestContext, answer: (line: string) => string | null): Promise<RawRelay> {
  const relay = { url: '', connections: 0, answer };
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    relay.connections += 1;
    let inData = false;
    const say = (line: string) => {
      const said = relay.answer(line);
      if (said === null) socket.destroy();
      else socket.write(`${said}\r\n`);
    };
    socket.on('error', () => socket.destroy());
    let buffer = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      buffer += chunk;
      for (;;) {
        const mark = inData ? '\r\n.\r\n' : '\r\n';
        const end = buffer.indexOf(mark);
        if (end === -1) return;
        const line = inData ? 'text' : buffer.slice(0, end).toUpperCase();
        buffer = buffer.slice(end + mark.length);
        inData = line === 'DATA';
        say(line);
      }
    });
    say('greeting');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return Object.assign(relay, { url: `smtp://127.0.0.1:${address.port}` });
}

interface RawRelay {
  url: string;
  connections: number;
  answer: (line: string) => string | null;
}

/** The answers of a relay that accepts everything. */
function accepting(line: string): string {
  if (line === 'greeting') return '220 raw';
  return line === 'DATA' ? '354 go' : '250 ok';
}

const to = ({ mails }: MailServer) => mails.map((one) => one.to);

test('mails go to the first healthy relay, and the verdict names it', async (t) => {
  const [main, spare] = [await startMailServer(t), await startMailServer(t)];
  const { send } = await start(t, { main: main.url, spare: spare.url });
  const { status, detail } = await send();
  assert.deepEqual([status, detail], ['sent', 'relay main']);
  assert.deepEqual([to(main), to(spare)], [['ada@example.test'], []]);
});

for (const [what, answer] of [
  ['that closes the connection at once', () => null],
  ['that greets with 421', (line: string) => (line === 'greeting' ? '421 too busy' : null)],
  ['that answers 421 to a recipient', (line: string) => (line.startsWith('RCPT') ? '421 closing' : accepting(line))],
  ['that has no room for a mail', (line: string) => (line.startsWith('MAIL') ? '452 no room' : accepting(line))],
  ['that hangs up when a mail is announced', (line: string) => (line === 'DATA' ? null : accepting(line))],
  ['that does not accept our sender', (line: string) => (line.startsWith('MAIL') ? '550 not yours' : accepting(line))],
] as const)
  test(`a mail for a relay ${what} goes to the next at once`, async (t) => {
    const [main, spare] = [await startRawRelay(t, answer), await startMailServer(t)];
    const { send } = await start(t, { main: main.url, spare: spare.url });
    const { status, detail, attempts } = await send();
    assert.deepEqual([status, detail, attempts], ['sent', 'relay spare', 1]);
    assert.deepEqual(to(spare), ['ada@example.test']);
    assert.ok(main.connections > 0);
  });

test('a mail that a relay refuses because of the recipient is not tried at another', async (t) => {
  const [main, spare] = [await startMailServer(t), await startMailServer(t)];
  main.refuse = () => smtpReply(550, '5.1.1 no such user');
  const { send } = await start(t, { main: main.url, spare: spare.url });
  const { status, reason, detail } = await send('dead');
  assert.deepEqual([status, reason, detail], ['bounced', 'address_dead', 'relay main: 550 5.1.1 no such user']);
  main.refuse = () => smtpReply(450, '4.2.1 try later');
  assert.equal((await send()).status, 'pending');
  assert.deepEqual(to(spare), []);
});

for (const [delivery, status] of [
  ['at_least_once', 'pending'],
  ['at_most_once', 'unknown'],
] as const)
  test(`${delivery}: a mail that was sent completely and not answered goes to no other relay`, async (t) => {
    const main = await startRawRelay(t, (line) => (line === 'text' ? null : accepting(line)));
    const spare = await startMailServer(t);
    const { send } = await start(t, { main: main.url, spare: spare.url });
    const verdict = await send('ada', { cresset: { delivery } });
    assert.deepEqual([verdict.status, verdict.provider_code], [status, 'no answer after the mail']);
    assert.match(String(verdict.detail), /^relay main: Connection closed unexpectedly \(127\.0\.0\.1:\d+\)$/);
    assert.deepEqual(to(spare), []);
  });

/** Moves the clock by `ms` and waits until the probe that is due then has opened the relay or paused it for longer. */
async function probe({ clock, db }: TestApp, ms: number): Promise<void> {
  const probes = async () => (await db.query(sql`select subject, probes, probe_at from pauses order by 1`)).map(textOf);
  const before = await probes();
  clock.advance(ms);
  let now = await probes();
  for (let turns = 0; now.join() === before.join() || isClaimed(now, clock.now()); turns += 1) {
    assert.ok(turns < 2_000, 'it was never probed');
    await new Promise(setImmediate);
    now = await probes();
  }
}

const textOf = (row: Record<string, unknown>) => JSON.stringify(row);

/** A probe under way has its subject for longer than the longest wait of a relay that does not answer. */
function isClaimed(rows: readonly string[], now: Date): boolean {
  return rows.some((row) => {
    const waitMs = Date.parse(JSON.parse(row).probe_at) - now.getTime();
    return waitMs > 10_000 && waitMs < 60_000;
  });
}

test('a relay that fails is left out, then probed without a mail, and preferred again once it is back', async (t) => {
  const main = await startRawRelay(t, () => null);
  const spare = await startMailServer(t);
  const { app, send } = await start(t, { main: main.url, spare: spare.url });
  assert.equal((await send()).detail, 'relay spare');
  const seen = main.connections;
  assert.equal((await send()).detail, 'relay spare');
  assert.equal(main.connections, seen, 'it rests');
  const [shown, other] = (await app.get('/email/relays')).body.relays;
  assert.deepEqual([shown.name, shown.state, shown.cause], ['main', 'paused', 'unreachable']);
  assert.match(shown.reason, /^127\.0\.0\.1:\d+: it closed the connection$/);
  assert.deepEqual([other.name, other.state], ['spare', 'open']);

  await probe(app, 1_000);
  assert.equal(main.connections, seen + 1, 'one probe, without a mail');
  assert.equal((await send()).detail, 'relay spare');
  assert.equal(main.connections, seen + 1, 'it rests again');

  main.answer = accepting;
  await probe(app, 2_000);
  assert.equal((await send()).detail, 'relay main');
  assert.equal(to(spare).length, 3);
  assert.equal((await app.get('/email/relays')).body.relays[0].state, 'open');
});

test('while no relay is healthy, mails wait and none is lost', async (t) => {
  const [main, spare] = [await startRawRelay(t, () => null), await startRawRelay(t, () => null)];
  const { app, send, verdict } = await start(t, { main: main.url, spare: spare.url });
  const sent = [];
  for (let count = 0; count < 7; count += 1) sent.push(await send());
  assert.deepEqual(
    sent.map(({ status }) => status),
    Array(7).fill('pending'),
  );
  const { failure } = (await app.get(`/dispatches/${sent.at(-1)?.id}`)).body;
  assert.match(failure, /^mail relay main does not answer \(.*\); mail relay spare does not answer \(.*\); what waits/);
  assert.equal(sent.at(-1)?.detail, failure);
  spare.answer = accepting;
  await probe(app, 1_000);
  for (let turns = 0; ; turns += 1) {
    app.clock.advance(1_000); // the first mail was lost on the way and is tried again after ten seconds
    await app.drain();
    const states: Record<string, unknown>[] = await Promise.all(sent.map(({ id }) => verdict(String(id))));
    if (states.every(({ status }) => status === 'sent')) break;
    assert.ok(turns < 30, JSON.stringify(states));
  }
  for (const { id } of sent) assert.equal((await verdict(String(id))).detail, 'relay spare');
});

test('a relay is asked once about a sender that it refuses, and takes the mails of others meanwhile', async (t) => {
  let asked = 0;
  const main = await startRawRelay(t, (line) => {
    if (!line.startsWith('MAIL FROM:<WRONG@')) return accepting(line);
    asked += 1;
    return '550 5.7.1 not yours';
  });
  const { app, send } = await start(t, { main: main.url });
  const wrong = { messages: { email: { ...email, from: 'wrong@acme.test' } } };
  for (const name of ['first', 'second']) {
    const { status, attempts, provider_code } = await send('ada', wrong);
    assert.deepEqual([status, attempts, provider_code], ['pending', 0, '550 5.7.1'], name);
  }
  assert.equal(asked, 1);
  assert.equal((await send()).status, 'sent');
  assert.equal((await app.get('/email/relays')).body.relays[0].state, 'open');
  app.clock.advance(300_000);
  await app.drain();
  assert.equal(asked, 2);
});

test('a connection that ended while it was idle costs a mail nothing', async (t) => {
  const main = await startRawRelay(t, accepting);
  const { send } = await start(t, { main: main.url });
  for (const again of [false, true]) {
    main.answer = (line) => (line === 'text' ? '250 taken' : accepting(line));
    const { status, attempts } = await send();
    assert.deepEqual([status, attempts], ['sent', 1]);
    if (again) break;
    // The relay says goodbye at the next mail of this connection, and greets a new one.
    let isOld = true;
    main.answer = (line) => {
      if (line === 'greeting') isOld = false;
      return isOld ? '421 idle for too long' : accepting(line);
    };
  }
});

test('relays with weights share the mails, and one that refuses our reputation is left out for a while', async (t) => {
  const [main, spare] = [await startRawRelay(t, accepting), await startMailServer(t)];
  const app = await startTestApp(t);
  await app.givenWorkspace(
    JSON.stringify({
      email: {
        default_from: 'a@acme.test',
        smtp: [
          { name: 'main', url: main.url, weight: 3 },
          { name: 'spare', url: spare.url, weight: 1 },
        ],
      },
    }),
  );
  const names = Array.from({ length: 12 }, (_, index) => `p${index}`);
  await app.post('/users/track', {
    attributes: names.map((external_id) => ({ external_id, email: `${external_id}@example.test` })),
  });
  const send = async () => {
    const { body } = await app.post('/messages/send', { external_user_ids: names, messages: { email } });
    await app.drain();
    const { recipients } = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body;
    return (recipients as { status: string; detail: string }[])
      .map(({ status, detail }) => `${status} ${detail}`)
      .sort();
  };
  const [nine, three] = [Array(9).fill('sent relay main'), Array(3).fill('sent relay spare')];
  assert.deepEqual(await send(), [...nine, ...three]);

  const words = '421 4.7.28 Gmail has detected an unusual rate of unsolicited mail';
  main.answer = (line) => (line === 'text' ? words : accepting(line));
  assert.deepEqual(await send(), Array(12).fill('sent relay spare'));
  const [shown] = (await app.get('/email/relays')).body.relays;
  assert.deepEqual([shown.state, shown.cause], ['paused', 'slow_down']);
  assert.ok(shown.reason.endsWith(words), shown.reason);
  main.answer = accepting;
  const seen = main.connections;
  app.clock.advance(299_000);
  assert.deepEqual(await send(), Array(12).fill('sent relay spare'));
  assert.equal(main.connections, seen, 'it is not even probed');
  await probe(app, 2_000);
  assert.equal(main.connections, seen + 1);
  assert.deepEqual(await send(), [...nine, ...three]);
});

test('a dispatch that waits for a relay says so no longer while it is paused, and once it is cancelled', async (t) => {
  const away = await startRawRelay(t, () => null);
  const { app, send } = await start(t, { main: away.url });
  for (let count = 0; count < 7; count += 1) await send();
  const { id } = await send();
  const waits = /^mail relay main does not answer \(.*\); what waits goes out once it does$/;
  const said = async () => {
    const { body } = await app.get(`/dispatches/${id}`);
    const { dispatches } = (await app.get('/dispatches?limit=20')).body;
    const listed = dispatches.find((one: { dispatch_id: string }) => one.dispatch_id === id);
    const [recipient] = (await app.get(`/dispatches/${id}/recipients`)).body.recipients;
    const { attempts, attempts_failed: failed } = body.channels.email;
    return [body.state, body.failure, listed.failure, String(recipient.detail).split(' (')[0], attempts, failed];
  };
  const [state, failure, listed, , ...numbers] = await said();
  assert.deepEqual([state, ...numbers], ['sending', 0, 0]);
  assert.match(failure, waits);
  assert.equal(listed, failure);
  await app.post(`/dispatches/${id}/pause`, {});
  const paused = await said();
  assert.deepEqual(paused.slice(0, 3), ['paused', undefined, undefined]);
  assert.doesNotMatch(paused[3], /^mail relay/);
  await app.post(`/dispatches/${id}/resume`, {});
  app.clock.advance(60_000);
  await app.drain();
  assert.match((await said())[1], waits, 'its next round says it anew');
  await app.post(`/dispatches/${id}/cancel`, {});
  await app.drain();
  const [ended, ...rest] = await said();
  assert.deepEqual([ended, ...rest.slice(0, 2)], ['cancelled', undefined, undefined]);
});
