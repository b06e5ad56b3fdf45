import type { MessageFiles } from '../../../channels/channel.ts';
import { channels } from '../../../channels/index.ts';
import { RequestError } from '../../../errors.ts';
import { own, type RawObject } from '../../../lib/raw/json.ts';
import { Problems } from '../../../lib/raw/problems.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import type { PlannedMessages } from '../../plan/templates.ts';

const PATH = 'attachments';

/** Reads the files that a trigger adds to the messages of its campaign. Files its problems under those of a message. */
export function readTriggerAttachments(raw: RawObject, problems: Problems): readonly object[] {
  const files = Object.values(channels).find((channel) => channel.files !== undefined)?.files;
  return files?.read(own(raw, PATH), PATH, problems) ?? [];
}

/** Adds the files to every message of the plan that takes files. Throws RequestError if that cannot be. */
export function withAttachments(
  planned: PlannedMessages,
  given: readonly object[],
  { isBroadcast, workspace: { settings } }: { isBroadcast: boolean; workspace: WorkspaceCatalog },
): PlannedMessages {
  if (given.length === 0) return planned;
  if (isBroadcast) refuse('expected none with broadcast');
  const { messages, split } = planned;
  const keys = Object.keys(messages) as (keyof typeof messages)[];
  if (!keys.some((key) => filesOf(key) !== undefined)) refuse('expected none, because the campaign has no mail');
  const problems = new Problems();
  const withFiles = (key: keyof typeof messages, message: object) =>
    filesOf(key)?.add(message, given, { path: PATH, problems, settings }) ?? message;
  const added = {
    messages: Object.fromEntries(keys.map((key) => [key, withFiles(key, messages[key] ?? {})])),
    ...(split !== undefined && {
      split: {
        ...split,
        others: split.others.map((one) => ({ ...one, message: withFiles(one.channel, one.message) })),
      },
    }),
  };
  problems.throwIfAny();
  return added;
}

function filesOf(key: keyof typeof channels): MessageFiles | undefined {
  return channels[key].files;
}

function refuse(problem: string): never {
  throw new RequestError('bad_request', [`${PATH}: ${problem}`]);
}
