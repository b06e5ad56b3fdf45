import { Problems } from '../lib/raw/problems.ts';
import type { Shape } from '../lib/raw/shape.ts';

/** The stored settings cannot be used. The message is written for the operator and shows no values. */
export class StoredSettingsError extends Error {
  override name = 'StoredSettingsError';
}

/** Checks a stored value as strictly as one from a file. Throws StoredSettingsError, which names `place`. */
export function readStored<T>(shape: Shape<T>, value: unknown, place: string, path: string): T {
  const problems = new Problems();
  const read = shape(value, path, problems);
  if (read === undefined) throw unusable(place, problems.texts.join('; '));
  return read;
}

/** Parses an opened value. The parser's own message is left out, because it quotes the value. */
export function parseSealed(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unusable(place, 'the sealed part is no JSON');
  }
}

function unusable(place: string, problem: string): StoredSettingsError {
  return new StoredSettingsError(
    `${place}: the stored settings cannot be used (${problem}). Apply the workspace file again.`,
  );
}
