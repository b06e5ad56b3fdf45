import * as z from 'zod';

/** Arguments that several tools have. */
const text = (description: string) => z.string().describe(description);

export const dispatchId = text('Id of a dispatch.');
export const cursor = text('next_cursor of the page before. Absent: the first page.').optional();
/** Small pages, because an assistant reads all of each. */
export const limitOf = (most: number, usual: number) =>
  z.int().min(1).max(most).default(usual).describe(`Entries of a page, at most ${most}.`);

/** Arguments that name one person. */
export const person = {
  external_id: text('The external id.').optional(),
  braze_id: text('The id that the server gave.').optional(),
  alias_label: text('Label of an alias; needs alias_name.').optional(),
  alias_name: text('Name of an alias; needs alias_label.').optional(),
};
export const address = {
  email: text('An email address; everybody who has it.').optional(),
  phone: text('A phone number in E.164; everybody who has it.').optional(),
};

/** Arguments that narrow a list of verdicts. The server knows the words, and names them all if one is wrong. */
export const verdicts = {
  channel: text('Only this channel, such as email, sms, apple_push.').optional(),
  status: text(
    'Only this status: pending, sending, sent, skipped, aborted, failed, bounced, expired, unknown, cancelled.',
  ).optional(),
  reason: text('Only this reason, such as unsubscribed, no_address, frequency_capped, quiet_hours.').optional(),
};

/** Arguments that describe an audience. */
export const audience = {
  segment_id: text('Id of a segment.').optional(),
  filter: z.record(z.string(), z.unknown()).optional().describe('The draft of a segment, in the place of segment_id.'),
  audience: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      'A filter, such as {"custom_attribute":{"custom_attribute_name":"plan","comparison":"equals","value":"gold"}}; AND and OR take lists of filters. With a segment: people match both.',
    ),
};

/** Members of an answer. */
export const list = (description: string) => z.array(z.looseObject({})).describe(description);
export const record = (description: string) => z.looseObject({}).describe(description);
export const nextCursor = text('cursor of the next page. Absent on the last page.');
