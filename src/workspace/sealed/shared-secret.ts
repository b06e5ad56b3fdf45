import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { findSecret, loadSecret, open, type Secret, type SecretConfig, SecretError, seal } from '../secrets.ts';

// All servers of a database seal with one secret. The first one leaves a proof of it, so that every other server and
// command learns at once whether it has the same.

const PLACE = 'sealing_secret';
const PROOF = 'cresset';

const OTHER = `CRESSET_SECRET (or the file "secret" of the data folder) is not the secret that the servers of this database use. Use theirs. If it is lost, run cresset apply --reseal <workspace file> with the new one, and start all servers with it.`;

/** The servers of the database use another secret. */
export class OtherSecretError extends SecretError {
  /** What a server says that ran already when the secret was replaced: its own is the one that its neighbours have. */
  readonly saidByRunning: string;

  constructor(since: Date) {
    super(OTHER);
    this.saidByRunning = `since ${since.toISOString()} the credentials in the database are sealed with another secret than this server was started with (by cresset apply --reseal, or in a database that was restored). Start all servers with that CRESSET_SECRET. If this server's is the right one, run cresset apply --reseal <workspace file> with it.`;
  }
}

/** Throws OtherSecretError if the servers of the database use another secret. False: they have none yet. */
export async function checkSharedSecret(db: Db, secret: Secret): Promise<boolean> {
  const row = await db.maybeOne<{ proof: Buffer; since: Date }>(sql`select proof, since from sealing_secret`);
  if (row !== null && !isProof(row.proof, secret)) throw new OtherSecretError(row.since);
  return row !== null;
}

/**
 * Makes this the secret of the database's servers if none is known yet. Throws SecretError if they use another, or if
 * credentials are stored that were sealed with another.
 */
export async function shareSecret(db: Db, secret: Secret): Promise<void> {
  if (await checkSharedSecret(db, secret)) return;
  if ((await sealedWithAnother(db, secret)).length > 0) throw new SecretError(OTHER);
  await db.run(sql`
    insert into sealing_secret (proof) values (${seal(secret, PROOF, PLACE)}) on conflict do nothing`);
  await checkSharedSecret(db, secret);
}

/** Makes this the secret of the database's servers, whatever it was. Those that run with another must be restarted. */
export async function replaceSharedSecret(tx: Db, secret: Secret): Promise<void> {
  const row = await tx.maybeOne<{ proof: Buffer }>(sql`select proof from sealing_secret for update`);
  if (row !== null && isProof(row.proof, secret)) return;
  await tx.run(sql`
    insert into sealing_secret (proof) values (${seal(secret, PROOF, PLACE)})
    on conflict (is_only) do update set proof = excluded.proof, since = now()`);
}

const LOST =
  'If it is lost, make a new one (openssl rand -hex 32), set CRESSET_SECRET to it, run cresset apply --reseal <workspace file>, and start all servers with it.';

/** The secret of the configuration. Makes one only if the servers have none yet; else throws SecretError. */
export async function secretForCommand(db: Db, config: SecretConfig): Promise<Secret> {
  return secretUnlessMissing(
    db,
    config,
    `This command has no secret, and the servers of this database have one. Set CRESSET_SECRET as they have it, or CRESSET_DATA_DIR to the data folder whose file "secret" they use. ${LOST}`,
  );
}

/** The same for a server: a file with a new secret in the data folder would look like the one that is missing. */
export async function secretForServer(db: Db, config: SecretConfig): Promise<Secret> {
  return secretUnlessMissing(
    db,
    config,
    `There is no secret here, and the credentials in this database are sealed with one. Copy the file "secret" of the data folder that the servers used to ${config.dataDir}, or set CRESSET_SECRET as they had it. ${LOST}`,
  );
}

async function secretUnlessMissing(db: Db, config: SecretConfig, refusal: string): Promise<Secret> {
  const given = findSecret(config);
  if (given !== null) return given;
  const [proof, sealed] = [await db.query(sql`select 1 from sealing_secret`), await sealedWithAnother(db, null)];
  if (proof.length > 0 || sealed.length > 0) throw new SecretError(refusal);
  return loadSecret(config);
}

/** What has credentials that were sealed with another secret, such as `app "Acme iOS"`. null: there is none, so all. */
export async function sealedWithAnother(db: Db, secret: Secret | null): Promise<string[]> {
  const rows = await db.query<{ what: string }>(sql`
    select what || ' ' || to_json(name) as what
      from (select 'the mail relays of the workspace' as what, name, secrets from workspaces
            union all select 'the connected content of the workspace', name, connected_content from workspaces
            union all select 'app', name, secrets from apps
            union all select 'subscription group', name, secrets from subscription_groups
            union all select 'event webhook', name, secrets from event_webhooks) as stored
     where substr(secrets, 2, 4) <> ${secret?.fingerprint ?? Buffer.alloc(0)}
     order by 1`);
  return rows.map(({ what }) => what);
}

function isProof(proof: Buffer, secret: Secret): boolean {
  try {
    return open(secret, proof, PLACE) === PROOF;
  } catch (error) {
    if (error instanceof SecretError) return false;
    throw error;
  }
}
