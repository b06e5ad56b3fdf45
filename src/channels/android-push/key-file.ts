import { createPrivateKey } from 'node:crypto';
import { isObject } from '../../lib/raw/json.ts';

/** The JSON key file of a Google service account, read. */
export interface KeyFile {
  projectId: string;
  clientEmail: string;
  /** PEM. */
  privateKey: string;
  privateKeyId: string | undefined;
  tokenUri: string | undefined;
}

/** Reads the file's text. `problem` says what is wrong with it and quotes nothing of it. */
export function readKeyFile(text: string): KeyFile | { problem: string } {
  const file = parseJson(text);
  if (!isObject(file)) return { problem: 'expected the text of the JSON key file from Google' };
  const { project_id, client_email, private_key, private_key_id, token_uri } = file;
  const needed = { project_id, client_email, private_key };
  const missing = Object.entries(needed).filter(([, value]) => typeof value !== 'string');
  if (missing.length > 0) return { problem: `the JSON key file lacks ${missing.map(([name]) => name).join(', ')}` };
  return {
    projectId: String(project_id),
    clientEmail: String(client_email),
    privateKey: String(private_key),
    privateKeyId: textOrNone(private_key_id),
    tokenUri: textOrNone(token_uri),
  };
}

/** Reads a text that was checked before. Throws when it is not a key file. */
export function keyFileOf(text: string): KeyFile {
  const file = readKeyFile(text);
  if ('problem' in file) throw new Error(`service_account: ${file.problem}`);
  return file;
}

/** The problem with a key file or its key. null: none. */
export function keyFileProblem(text: string): string | null {
  const file = readKeyFile(text);
  if ('problem' in file) return file.problem;
  try {
    const { asymmetricKeyType } = createPrivateKey(file.privateKey);
    return asymmetricKeyType === 'rsa' ? null : 'its private_key is no RSA key';
  } catch {
    return 'its private_key is no private key';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
