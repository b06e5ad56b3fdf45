import { randomBytes } from 'node:crypto';
import { connectClient } from '../db/client.ts';
import { connect, type Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { WorkspaceCatalog } from '../workspace/catalog.ts';
import { loadCatalog } from '../workspace/load-catalog.ts';
import { findSecret, type SecretConfig, SecretError, secretFrom } from '../workspace/secrets.ts';
import { StoredSettingsError } from '../workspace/stored-settings.ts';
import { lookAtProvider, lookAtRelay } from './accounts.ts';
import { lookAtClock, lookAtDatabase, lookAtSchema } from './database.ts';
import { lookAtDisk } from './disk.ts';
import { type Finding, wordsOf } from './finding.ts';
import { lookAtMail } from './mail/look-at-mail.ts';
import { mailDns } from './mail/resolver.ts';
import { lookAtPublicUrl } from './public-url.ts';
import { lookAtWork } from './work.ts';

export interface Installation extends SecretConfig {
  /** The URL of its database, as it is reached from here. */
  url: string;
  /** The folder of the embedded database. null: the database is elsewhere. */
  folder: string | null;
  publicUrl: string | null;
  /** Number of threads of a server that send broadcasts. */
  broadcastThreads: number;
  /** Address and port of the name server to ask. null: those of the system. */
  dnsServer: string | null;
}

export interface Diagnosis {
  findings: Finding[];
  /** What was looked at. */
  looked: string[];
  /** What could not be looked at, because something else is wrong. */
  left: string[];
}

/** Connections of the first thread of a server, of each other thread, and of a command. docs/operations.md */
const CONNECTIONS = { first: 43, other: 22, command: 4 };

/** Looks at everything that an installation needs, and changes nothing. */
export async function diagnose(installation: Installation): Promise<Diagnosis> {
  const findings: Finding[] = [];
  const looked: string[] = [];
  const look = async (area: string, found: Promise<Finding[]>): Promise<boolean> => {
    const list = await found;
    findings.push(...list);
    looked.push(area);
    return list.length === 0;
  };
  const end = (...left: string[]) => ({ findings, looked, left });
  if (installation.folder !== null) await look('disk', lookAtDisk(installation.folder));
  const needed = CONNECTIONS.first + CONNECTIONS.other * installation.broadcastThreads + CONNECTIONS.command;
  const isUsable = await look('database', reach(installation.url));
  if (!isUsable) return end('clock', 'work', 'secret', 'accounts', 'dns', 'public_url');
  findings.push(...(await onDatabase(installation.url, (db) => lookAtDatabase(db, { connections: needed }))));
  await look('clock', onDatabase(installation.url, lookAtClock));
  await look('work', onDatabase(installation.url, lookAtWork));
  const workspaces = await readDefinitions(installation);
  const isOpen = await look('secret', Promise.resolve('problem' in workspaces ? [workspaces] : []));
  if (!isOpen || 'problem' in workspaces) return end('accounts', 'dns', 'public_url');
  await look('accounts', lookAtAccounts(workspaces));
  await look('dns', lookAtSenders(workspaces, installation.dnsServer));
  await look('public_url', lookAtPublicUrl(installation.publicUrl, workspaces.some(callsProviders)));
  return end();
}

async function onDatabase<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const client = await connectClient(url);
  try {
    return await work(client.db);
  } finally {
    await client.close();
  }
}

/** Whether the database can be reached and has a schema that this version reads. */
async function reach(url: string): Promise<Finding[]> {
  const client = await connectClient(url).catch((error: unknown) => wordsOf(error));
  if (typeof client === 'string')
    return [
      {
        ...{ area: 'database', subject: null, problem: 'it cannot be used', known: `a connection: ${client}` },
        mend: 'Start it, or correct DATABASE_URL: host, port, name, role and password.',
      },
    ];
  try {
    return await lookAtSchema(client.db);
  } finally {
    await client.close();
  }
}

/** The operator's definitions of every workspace, or why they cannot be read. */
async function readDefinitions(installation: Installation): Promise<WorkspaceCatalog[] | Finding> {
  const db = connect({ url: installation.url, max: 1 });
  try {
    const rows = await db.query<{ id: number }>(sql`select id from workspaces order by id`);
    const isSealed = (await db.query(sql`select 1 from sealing_secret`)).length > 0;
    const secret = findSecret(installation);
    if (secret === null && isSealed)
      throw new SecretError('The servers of this database have a secret, and there is none here.');
    // Without a secret nothing is sealed, so any will do.
    const catalog = await loadCatalog(db, secret ?? secretFrom(randomBytes(32).toString('hex')));
    return rows.flatMap(({ id }) => catalog.workspace(id) ?? []);
  } catch (error) {
    if (error instanceof SecretError)
      return {
        ...{ area: 'secret', subject: null, problem: 'the stored credentials cannot be opened', known: error.message },
        mend: 'Set CRESSET_SECRET as the servers have it, or restore the file "secret" of the data folder. If it is lost: cresset apply --reseal <workspace file>.',
      };
    if (error instanceof StoredSettingsError)
      return {
        ...{ area: 'secret', subject: null, problem: 'stored settings cannot be used', known: error.message },
        mend: 'cresset apply <workspace file>',
      };
    throw error;
  } finally {
    await db.close();
  }
}

/** All at once: each waits for somebody else. */
async function lookAtAccounts(workspaces: readonly WorkspaceCatalog[]): Promise<Finding[]> {
  const looks = workspaces.map(async (workspace) => {
    const { apps, subscriptionGroups, settings } = workspace;
    const findings = await Promise.all([
      ...(settings.email.smtp ?? []).map(lookAtRelay),
      ...[...apps.values()].map(({ name, provider }) => lookAtProvider(`app ${name}`, provider)),
      ...[...subscriptionGroups.values()]
        .filter(({ archived }) => !archived)
        .map(({ name, provider }) => lookAtProvider(`subscription group ${name}`, provider)),
    ]);
    return naming(workspace, workspaces, findings.flat());
  });
  return (await Promise.all(looks)).flat();
}

/** Where there are several workspaces, a subject alone does not say whose it is. */
function naming(
  { name }: WorkspaceCatalog,
  { length }: readonly WorkspaceCatalog[],
  findings: readonly Finding[],
): readonly Finding[] {
  if (length < 2) return findings;
  return findings.map((one) => ({
    ...one,
    subject: [`workspace ${name}`, ...(one.subject === null ? [] : [one.subject])].join(', '),
  }));
}

/** A workspace without a relay sends no mail, whatever its sender. */
async function lookAtSenders(workspaces: readonly WorkspaceCatalog[], server: string | null): Promise<Finding[]> {
  const dns = mailDns(server);
  const senders = workspaces.filter(({ settings }) => settings.email.smtp !== null);
  const looks = senders.map(async (one) => naming(one, workspaces, await lookAtMail(one.settings.email, dns)));
  return (await Promise.all(looks)).flat();
}

/** Whether its messages leave this machine, with links and references that lead back. */
function callsProviders({ apps, subscriptionGroups, settings }: WorkspaceCatalog): boolean {
  const accounts = [...apps.values(), ...subscriptionGroups.values()];
  return settings.email.smtp !== null || accounts.some(({ provider }) => provider !== undefined);
}
