import { checkCredentials, type MailAttachment, readAttachments } from '../../../channels/email/attachments/schema.ts';
import { Fields, isTemplate } from '../../../channels/fields.ts';
import { RequestError } from '../../../errors.ts';
import { own, type RawObject } from '../../../lib/raw/json.ts';
import { Problems } from '../../../lib/raw/problems.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import type { PlannedMessages } from '../../plan/templates.ts';

const PATH = 'attachments';
/** Most files of a mail, those of the campaign included. */
const MOST = 20;

/**
 * Reads the files that a trigger adds to the campaign's mails. They are no templates, because nobody has checked them. Files
 * its problems under stage `type` and those of a message.
 */
export function readTriggerAttachments(raw: RawObject, problems: Problems): readonly MailAttachment[] {
  const given = readAttachments(new Fields({ [PATH]: own(raw, PATH) }, '', problems)) ?? [];
  for (const [index, one] of given.entries())
    for (const key of ['file_name', 'url'] as const)
      if (isTemplate(one[key])) problems.add('range', `${PATH}[${index}].${key}`, 'expected a text without Liquid');
  return given;
}

/** Adds the files to every mail of the plan. Throws RequestError if that cannot be. */
export function withAttachments(
  planned: PlannedMessages,
  given: readonly MailAttachment[],
  { isBroadcast, workspace }: { isBroadcast: boolean; workspace: WorkspaceCatalog },
): PlannedMessages {
  if (given.length === 0) return planned;
  if (isBroadcast) refuse(`${PATH}: expected none with broadcast`);
  const { email } = planned.messages;
  if (email === undefined) refuse(`${PATH}: expected none, because the campaign has no mail`);
  const problems = new Problems();
  checkCredentials(given, PATH, problems, workspace.settings.email.attachments.credentials);
  problems.throwIfAny();
  const add = (message: object): object => {
    const { attachments: theirs = [] } = message as { attachments?: readonly MailAttachment[] };
    const most = MOST - theirs.length;
    if (given.length > most)
      refuse(`${PATH}: expected at most ${most}, got ${given.length}; the campaign has ${theirs.length}`);
    return { ...message, attachments: [...theirs, ...given] };
  };
  const others = planned.split?.others.map((one) =>
    one.channel === 'email' ? { ...one, message: add(one.message) } : one,
  );
  return {
    messages: { ...planned.messages, email: add(email) },
    ...(planned.split !== undefined && { split: { ...planned.split, others: others ?? [] } }),
  };
}

function refuse(problem: string): never {
  throw new RequestError('bad_request', [problem]);
}
