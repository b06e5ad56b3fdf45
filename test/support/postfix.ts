import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { untilTrue } from '../../rig/waiting.ts';

export interface Postfix {
  url: string;
  /** The folder with the mails that were delivered, one a file. */
  mailbox: string;
  /** Its log so far. */
  log(): string;
}

export interface PostfixOptions {
  /** Addresses with a mailbox, as a regular expression. All others at example.test bounce after they were accepted. */
  mailboxes: string;
  /** Domain and port on this machine of another mail server. */
  route: { domain: string; port: number };
  /** A DKIM key as DNS has it: the name of the record, and its content. */
  dkim: { name: string; record: string };
}

const MAILBOX_USER = 65_534; // nobody: Postfix delivers as no privileged user
const isInstalled = (program: string, flag: string) => spawnSync(program, [flag]).error === undefined;

/** Why Postfix and OpenDKIM can't be run here. null: they can. */
export function whyNoPostfix(): string | null {
  if (!isInstalled('postconf', '-d')) return 'postfix is not installed';
  if (!isInstalled('opendkim', '-V')) return 'opendkim is not installed';
  return process.getuid?.() === 0 ? null : 'postfix starts only for the superuser';
}

/**
 * Postfix for example.test on loopback, with configuration, queue and mailbox in a folder of its own. OpenDKIM judges each
 * mail on its way in and writes its verdict into the mail, as `Authentication-Results` of mx.example.test.
 */
export async function startPostfix(t: TestContext, options: PostfixOptions): Promise<Postfix> {
  const folder = mkdtempSync(join(tmpdir(), 'postfix-'));
  chmodSync(folder, 0o755); // its processes run as several users
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [port] = await Promise.all([freePort(), startOpenDkim(t, folder, options.dkim)]);
  for (const name of ['etc', 'queue', 'data', 'mail']) mkdirSync(join(folder, name));
  chownSync(join(folder, 'data'), Number(spawnSync('id', ['-u', 'postfix']).stdout), 0);
  chownSync(join(folder, 'mail'), MAILBOX_USER, MAILBOX_USER);
  writeFileSync(join(folder, 'etc', 'main.cf'), mainConfig(folder, options));
  writeFileSync(join(folder, 'etc', 'master.cf'), services(port));
  writeFileSync(join(folder, 'etc', 'mailboxes'), `/^(${options.mailboxes})@example\\.test$/ all/\n`);
  const log = () => readFileSync(join(folder, 'log'), 'utf8');
  const { status } = spawnSync('postfix', ['-c', join(folder, 'etc'), 'start']); // ends once the daemon runs
  if (status !== 0) throw new Error(`postfix ended with ${status}: ${log()}`);
  const pid = Number(readFileSync(join(folder, 'queue', 'pid', 'master.pid'), 'utf8'));
  t.after(() => {
    process.kill(pid, 'SIGTERM');
    return untilTrue('the end of Postfix', 30_000, () => !isRunning(pid));
  });
  return { url: `smtp://127.0.0.1:${port}`, mailbox: join(folder, 'mail', 'all', 'new'), log };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function startOpenDkim(t: TestContext, folder: string, { name, record }: PostfixOptions['dkim']): Promise<void> {
  writeFileSync(join(folder, 'dkim-keys'), `${name} ${record}\n`);
  const config = [
    'Mode v',
    `Socket local:${join(folder, 'opendkim.sock')}`,
    'UMask 000',
    'AuthservID mx.example.test',
    'AlwaysAddARHeader yes',
    `TestPublicKeys ${join(folder, 'dkim-keys')}`,
  ];
  writeFileSync(join(folder, 'opendkim.conf'), `${config.join('\n')}\n`);
  const child = spawn('opendkim', ['-f', '-x', join(folder, 'opendkim.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const ended = once(child, 'close');
  t.after(() => {
    child.kill('SIGTERM');
    return ended;
  });
  await untilTrue('OpenDKIM', 30_000, () => {
    if (child.exitCode !== null) throw new Error(`opendkim ended with ${child.exitCode}: ${errors}`);
    return existsSync(join(folder, 'opendkim.sock'));
  });
}

/** A port that nobody listens on. Postfix cannot choose one itself. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** The names are those of `man 5 postconf`. */
function mainConfig(folder: string, { route }: PostfixOptions): string {
  const settings: Record<string, string> = {
    compatibility_level: '3.6',
    queue_directory: join(folder, 'queue'),
    data_directory: join(folder, 'data'),
    maillog_file: join(folder, 'log'),
    maillog_file_prefixes: folder,
    ...{ inet_interfaces: '127.0.0.1', inet_protocols: 'ipv4', mynetworks: '127.0.0.1/32' },
    ...{ myhostname: 'mx.example.test', mydestination: '', smtp_dns_support_level: 'disabled' },
    smtpd_relay_restrictions: 'permit_mynetworks, reject',
    // It accepts mails to addresses that nobody has, and reports that afterwards.
    smtpd_reject_unlisted_recipient: 'no',
    virtual_mailbox_domains: 'example.test',
    virtual_mailbox_base: join(folder, 'mail'),
    virtual_mailbox_maps: `regexp:${join(folder, 'etc', 'mailboxes')}`,
    virtual_uid_maps: `static:${MAILBOX_USER}`,
    virtual_gid_maps: `static:${MAILBOX_USER}`,
    transport_maps: `inline:{ {${route.domain} = smtp:[127.0.0.1]:${route.port}} }`,
    smtpd_milters: `unix:${join(folder, 'opendkim.sock')}`,
    milter_default_action: 'tempfail',
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

/** The form is that of `man 5 master`. */
function services(port: number): string {
  return `127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}
