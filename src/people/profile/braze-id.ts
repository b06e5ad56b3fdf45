/**
 * The id that we give a person, as clients see it: 24 lower-case hex digits. It is computed, never stored.
 * 8 digits are the second of creation, 2 the bucket, 14 the user id.
 */
export function brazeId(createdAt: Date, bucket: number, userId: number): string {
  const createdAtS = Math.floor(createdAt.getTime() / 1000) >>> 0;
  return hex(createdAtS, 8) + hex(bucket, 2) + hex(userId, 14);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

const form = /^([0-9a-f]{8})([0-9a-f]{2})([0-9a-f]{14})$/i;

/** The parts of a braze id. null: we did not make this id. A lookup of the person must compare `createdAtS`, too. */
export function readBrazeId(text: string): { bucket: number; userId: number; createdAtS: number } | null {
  const [, createdAtS, bucket, userId] = (form.exec(text) ?? []).map((digits) => Number.parseInt(digits, 16));
  if (createdAtS === undefined || bucket === undefined || !Number.isSafeInteger(userId)) return null;
  return { bucket, userId: Number(userId), createdAtS };
}
