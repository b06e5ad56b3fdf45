import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** Costs of a new hash: 2^15 blocks of 1 KiB, three times over. OWASP's Password Storage Cheat Sheet advises them. */
const LOG_COST = 15;
const BLOCK_SIZE = 8;
const PARALLEL = 3;
const LENGTH_BYTES = 32;
const HASH = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]{22})\$([\w-]{43})$/;

export const SHORTEST_PASSWORD = 12;
export const LONGEST_PASSWORD = 256;

/** Makes a password of 120 random bits. */
export function makePassword(): string {
  return randomBytes(15).toString('base64url');
}

/** Hashes a password as `scrypt$logCost$blockSize$parallel$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, { logCost: LOG_COST, blockSize: BLOCK_SIZE, parallel: PARALLEL });
  return ['scrypt', LOG_COST, BLOCK_SIZE, PARALLEL, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Whether the password is that of the hash. `null`: there is no such operator; it takes as long and is false. */
export async function isPassword(password: string, hash: string | null): Promise<boolean> {
  const found = HASH.exec(hash ?? '');
  const [, logCost = LOG_COST, blockSize = BLOCK_SIZE, parallel = PARALLEL, salt = '', expected = ''] = found ?? [];
  const costs = { logCost: Number(logCost), blockSize: Number(blockSize), parallel: Number(parallel) };
  const key = await derive(password, Buffer.from(salt, 'base64url'), costs);
  const wanted = Buffer.from(expected, 'base64url');
  return wanted.length === key.length && timingSafeEqual(wanted, key);
}

interface Costs {
  logCost: number;
  blockSize: number;
  parallel: number;
}

let last: Promise<unknown> = Promise.resolve();

/** One at a time, so that many who sign in at once take the memory and the processor of one. */
function derive(password: string, salt: Buffer, costs: Costs): Promise<Buffer> {
  const mine = last.then(() => deriveNow(password, salt, costs));
  last = mine.catch(() => undefined);
  return mine;
}

function deriveNow(password: string, salt: Buffer, { logCost, blockSize, parallel }: Costs): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** logCost, r: blockSize, p: parallel, maxmem: 2 ** 28 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, LENGTH_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
