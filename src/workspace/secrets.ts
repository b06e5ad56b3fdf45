import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The secret that seals stored credentials. It is a key object, so that no log line can print it. */
export interface Secret {
  key: KeyObject;
  /** Shows whether a value was sealed with this secret. */
  fingerprint: Buffer;
}

export interface SecretConfig {
  /** null: it is in a file of the data folder. */
  secret: string | null;
  dataDir: string;
}

/** A sealed value cannot be opened. The message is written for the operator. */
export class SecretError extends Error {
  override name = 'SecretError';
}

// Sealed value: version (1 byte) · fingerprint of the key (4) · nonce (12) · tag (16) · AES-256-GCM ciphertext
const VERSION = 1;
const NONCE_AT = 5;
const TAG_AT = 17;
const TEXT_AT = 33;

const FILE_NAME = 'secret';
const SHORTEST_SECRET = 32;

/** Returns the environment's secret, or else that of the data folder, which it makes (mode 0600) if missing. */
export function loadSecret(config: SecretConfig): Secret {
  return findSecret(config) ?? secretFrom(make(config.dataDir, join(config.dataDir, FILE_NAME)));
}

/** The same without making one. null: there is none. */
export function findSecret({ secret, dataDir }: SecretConfig): Secret | null {
  const text = secret ?? secretOfFolder(join(dataDir, FILE_NAME));
  return text === null ? null : secretFrom(text);
}

/** True: the data folder has a secret, and it is not that of the environment. Throws SecretError for one that is too short. */
export function hasOtherInFolder({ secret, dataDir }: SecretConfig): boolean {
  const text = secret === null ? null : secretOfFolder(join(dataDir, FILE_NAME));
  return text !== null && text !== secret;
}

export function secretFrom(text: string): Secret {
  const bytes = Buffer.from(hkdfSync('sha256', text, '', 'cresset provider credentials', 32));
  return { key: createSecretKey(bytes), fingerprint: createHash('sha256').update(bytes).digest().subarray(0, 4) };
}

/** Derives a key for another purpose, such as signed links, so that no key serves two purposes. */
export function deriveKey(secret: Secret, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret.key, '', purpose, 32)));
}

/** Seals a text. `place`, such as `apps/<id>`, is bound to it: in another row the value does not open. */
export function seal(secret: Secret, text: string, place: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret.key, nonce).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([VERSION]), secret.fingerprint, nonce, cipher.getAuthTag(), sealed]);
}

/** Opens a sealed value. Throws SecretError when it was sealed with another secret or for another place, or is damaged. */
export function open(secret: Secret, sealed: Buffer, place: string): string {
  if (sealed.length < TEXT_AT || sealed[0] !== VERSION) {
    throw new SecretError(`${place}: the stored credentials have a form that this version does not know`);
  }
  if (!sealed.subarray(1, NONCE_AT).equals(secret.fingerprint)) {
    throw new SecretError(
      `${place}: the stored credentials were sealed with another secret. Start with the CRESSET_SECRET (or the file "${FILE_NAME}" of the data folder) that was in use, or store the credentials anew: cresset apply --reseal <workspace file>.`,
    );
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret.key, sealed.subarray(NONCE_AT, TAG_AT));
    decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(TAG_AT, TEXT_AT));
    return Buffer.concat([decipher.update(sealed.subarray(TEXT_AT)), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new SecretError(`${place}: the stored credentials are damaged; apply the workspace file again`, { cause });
  }
}

function secretOfFolder(path: string): string | null {
  const found = readIfThere(path);
  if (found === null || found.length >= SHORTEST_SECRET) return found;
  throw new SecretError(`${path}: expected a secret of at least ${SHORTEST_SECRET} characters`);
}

/** Writes a new file and links it into place, so that one of two first starts wins and nobody reads half a file. */
function make(dataDir: string, path: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(aside, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(aside, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    unlinkSync(aside);
  }
  return readFileSync(path, 'utf8').trim();
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
