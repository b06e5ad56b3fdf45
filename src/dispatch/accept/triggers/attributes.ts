import type { Database, Db } from '../../../db/database.ts';
import { retry } from '../../../db/retry.ts';
import { RequestError } from '../../../errors.ts';
import { isObject, own, type RawObject } from '../../../lib/raw/json.ts';
import { isGiven, readFlag } from '../../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import type { ConsentSource } from '../../../people/consent/record/source.ts';
import { askAddresses } from '../../../people/profile/prioritization.ts';
import { remarksOfRefusal, sentenceOf } from '../../../people/remarks.ts';
import { applyTrack } from '../../../people/track/apply.ts';
import { type AttributesObject, readAttributes } from '../../../people/track/attributes.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { logActivity } from '../../ledger/activity-log.ts';
import type { TriggerRecipient } from './recipients.ts';

/** What a trigger stores of one person before it sends. */
export interface RecipientAttributes {
  /** Such as `recipients[0].attributes`. */
  path: string;
  recipient: TriggerRecipient;
  object: AttributesObject;
}

/** Members that would name the person a second time, or that are not for one person. */
const notHere = ['braze_id', 'push_token_import'];

/** Reads the attributes of all recipients, as /users/track does. Throws RequestError, which names every path. */
export function readRecipientAttributes(
  recipients: readonly TriggerRecipient[],
  workspace: WorkspaceCatalog,
): RecipientAttributes[] {
  const problems: string[] = [];
  const read = recipients.flatMap((recipient) => {
    if (recipient.attributes === null) return [];
    const path = `${recipient.path}.attributes`;
    try {
      refuseNames(recipient);
      const { user_alias: _repeated, ...attributes } = recipient.attributes;
      const raw = { ...attributes, ...identityOf(recipient), _update_existing_only: recipient.existingOnly };
      return [{ path, recipient, object: readAttributes(raw, workspace) }];
    } catch (error) {
      if (!(error instanceof ObjectProblem)) throw error;
      problems.push(...remarksOfRefusal(error).map((remark) => `${path}: ${sentenceOf(remark)}`));
      return [];
    }
  });
  if (problems.length > 0) throw new RequestError('bad_request', problems);
  return read;
}

function identityOf({ name: { by, name, label } }: TriggerRecipient): RawObject {
  if (by !== undefined) return { [by]: name };
  return label === '' ? { external_id: name } : { user_alias: { alias_name: name, alias_label: label } };
}

function refuseNames(recipient: TriggerRecipient): void {
  const { name, attributes } = recipient;
  const given = attributes ?? {};
  const wrong = notHere.find((key) => isGiven(own(given, key)));
  if (wrong !== undefined) throw new ObjectProblem(`${wrong}: expected none; the recipient says it`);
  refuseOtherAlias(recipient, own(given, 'user_alias'));
  const flag = readFlag(own(given, '_update_existing_only'));
  if (!flag.ok || (flag.value ?? recipient.existingOnly) !== recipient.existingOnly)
    throw new ObjectProblem(
      `_update_existing_only: expected ${recipient.existingOnly}, as send_to_existing_only says, or none`,
    );
  const [id, email] = [own(given, 'external_id'), own(given, 'email')];
  const isThisPerson = name.by === undefined && name.label === '' && String(id) === name.name;
  if (isGiven(id) && (isObject(id) || !isThisPerson))
    throw new ObjectProblem("external_id: expected the recipient's external_user_id, or none");
  const isSameAddress = typeof email === 'string' && email.trim().toLowerCase() === name.name.toLowerCase();
  if (name.by === 'email' && isGiven(email) && !isSameAddress)
    throw new ObjectProblem("email: expected the recipient's own address, or none");
}

/**
 * A client of the original repeats an alias of the person whom the recipient names by external id. Only the
 * recipient's name counts, so whose alias it is does not matter.
 */
function refuseOtherAlias({ name: { by, name, label } }: TriggerRecipient, alias: unknown): void {
  if (!isGiven(alias)) return;
  const [otherName, otherLabel] = isObject(alias) ? [own(alias, 'alias_name'), own(alias, 'alias_label')] : [];
  if (typeof otherName !== 'string' || typeof otherLabel !== 'string')
    throw new ObjectProblem('user_alias: expected an object with alias_name and alias_label, or none');
  if (by === undefined && label !== '' && (otherName !== name || otherLabel !== label))
    throw new ObjectProblem("user_alias: expected the recipient's own alias, or none");
}

/** The alias beside the recipient's own name, which is not read. */
export function remarksOfNames(recipients: readonly TriggerRecipient[]): string[] {
  return recipients
    .filter(({ name, attributes }) => name.label === '' && isGiven(own(attributes ?? {}, 'user_alias')))
    .map(({ path }) => `${path}.attributes.user_alias: is ignored; the recipient says who it is`);
}

/** Stores the attributes in one transaction. Returns what did not fit, each text with its path. */
export async function applyRecipientAttributes(
  db: Database,
  given: readonly RecipientAttributes[],
  { workspace, source, now }: { workspace: WorkspaceCatalog; source: ConsentSource; now: Date },
): Promise<string[]> {
  const confirmations = given
    .flatMap(({ object }) => object.groups)
    .filter(({ asksToConfirm }) => asksToConfirm).length;
  const late = await retry('people', () =>
    db.transaction(async (tx) => {
      const attributes = await withPeople(tx, given, workspace.id);
      if (confirmations > 0) await logIgnored(tx, workspace.id, confirmations, now);
      return applyTrack(tx, { attributes, activities: [], problems: [], source }, workspace, now);
    }),
  );
  return late.map((problem) => `${given[problem.index]?.path}: ${sentenceOf(problem)}`);
}

/** Nobody is asked to confirm (double opt-in): the states are set at once. Source: adjacent-endpoints.md §3.3. */
function logIgnored(tx: Db, workspaceId: number, confirmations: number, now: Date): Promise<unknown> {
  const record = { ignored: 'use_double_opt_in_logic', subscription_groups: confirmations };
  return logActivity(tx, { workspaceId, dispatchId: null, category: 'double_opt_in_ignored', record }, now);
}

type Indexed = { index: number; object: AttributesObject };

/** The objects, of which those of addresses name the one person whom the send will go to, or a new one. */
async function withPeople(tx: Db, given: readonly RecipientAttributes[], workspaceId: number): Promise<Indexed[]> {
  const byEmail = given.filter(({ recipient }) => recipient.name.by === 'email');
  const addresses = byEmail.map(({ recipient: { name } }) => ({
    address: name.name,
    prioritization: name.prioritization ?? [],
  }));
  const answers = await askAddresses(tx, { workspaceId, kind: 'email', addresses });
  const answerOf = new Map(byEmail.map((one, index) => [one, answers[index]]));
  return given.flatMap((one, index): Indexed[] => {
    const answer = answerOf.get(one);
    if (answer === undefined) return [{ index, object: one.object }];
    const { person, holders } = answer;
    // Of several people who are left nobody gets the message, so nobody gets its attributes.
    if (person === null) return holders === 0 && one.object.creates ? [{ index, object: one.object }] : [];
    const { bucket, userId, createdAt } = person;
    const id = { bucket, userId, createdAtS: Math.floor(createdAt.getTime() / 1000) };
    return [{ index, object: { ...one.object, identifier: { kind: 'braze_id', id } } }];
  });
}
