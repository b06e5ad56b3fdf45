import { Problems } from '../lib/problems.ts';
import type { Shape } from '../lib/shape.ts';

/** Settings in the database that cannot be used; worded for the operator, without values. */
export class StoredSettingsError extends Error {
  override name = 'StoredSettingsError';
}

/** What the database holds is believed no more than a file. Throws StoredSettingsError, which names `place`. */
export function readStored<T>(shape: Shape<T>, value: unknown, place: string, path: string): T {
  const problems = new Problems();
  const read = shape(value, path, problems);
  if (read === undefined) throw unusable(place, problems.texts.join('; '));
  return read;
}

/** The JSON of a value that was sealed. The parser's own words are not repeated: they quote what they could not read. */
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
