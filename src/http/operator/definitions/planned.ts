import { RequestError } from '../../../errors.ts';
import { FileOwnsError } from '../../../workspace/edit/edit.ts';
import { InUseError, NoSegmentError } from '../../../workspace/edit/remove-segment.ts';
import { type Applied, PlanChangedError } from '../../../workspace/file/apply.ts';
import { WorkspaceFileError } from '../../../workspace/file/file.ts';
import { isNamed } from '../../../workspace/file/plan.ts';
import type { ServerFile } from '../../../workspace/file/server-file.ts';
import { SecretError } from '../../../workspace/secrets.ts';
import { StoredSettingsError } from '../../../workspace/stored-settings.ts';
import { answered, flag, list, optional, orNull, text, time } from '../../openapi/schema.ts';

/** One change of a plan, as it is answered. */
export const changeMembers = {
  kind: text('`create`, `change`, `unchanged`, `remove` or `not in the file`.'),
  what: text('Kind of thing, such as `app`.'),
  id: orNull(text('null: there is only one of its kind.')),
  name: text(),
  changed: list(text(), 'Names of what differs, without values.'),
  taken_over: optional(
    answered(
      { by: text(), at: time() },
      'Who wrote it in the console or by a command before the file. Absent: nobody.',
    ),
  ),
};

/** What an edit of definitions answers. */
export const plannedMembers = {
  dry_run: flag('Whether nothing was changed.'),
  changes: list(answered(changeMembers), 'What is changed, or would be.'),
  plan_digest: text('Given back with the same body, it makes exactly these changes, or none (409).'),
  warnings: list(text(), 'What is probably not meant, and what is to be known.'),
};

/** Where the file of the server defines a thing, or that nobody can tell. null: it does not. */
export function lockOf(file: ServerFile | null, what: string, id: string | null): object | null {
  if (file === null) return null;
  if (file.problem !== null) return { file: file.file, path: null, line: null, problem: file.problem };
  const place = file.placeOf(what, id);
  return place && { ...place, problem: null };
}

/** Where an edit comes from, for the record of applies. */
export const CONSOLE = 'the console' as const;

export function describePlanned({ plan, planDigest, warnings }: Applied, dryRun: boolean): object {
  return { dry_run: dryRun, changes: plan.filter(isNamed), plan_digest: planDigest, warnings };
}

/** Says to operators why definitions cannot be edited so. `placed`: a problem at its place in the request. */
export async function refusing<T>(editing: Promise<T>, placed: (problem: string) => string = (one) => one): Promise<T> {
  try {
    return await editing;
  } catch (error) {
    if (error instanceof WorkspaceFileError) throw new RequestError('bad_request', error.problems.map(placed));
    if (error instanceof FileOwnsError) throw new RequestError('definition_of_file', [error.message]);
    if (error instanceof InUseError)
      throw new RequestError(
        'definition_in_use',
        error.uses.map((use) => `segment_id: ${use} uses it`),
      );
    if (error instanceof NoSegmentError) throw new RequestError('not_found', [`segment_id: ${error.message}`]);
    if (error instanceof PlanChangedError)
      throw new RequestError('definition_changed', [
        'plan_digest: what would be changed now is not the plan that was seen',
      ]);
    if (error instanceof SecretError || error instanceof StoredSettingsError)
      throw new RequestError('unavailable', [error.message]);
    throw error;
  }
}
