import { channelKeys } from '../../channels/channel.ts';
import { counters } from '../../dispatch/ledger/feedback/send-feedback.ts';
import { reasons } from '../../dispatch/plan/reasons.ts';
import { dispatchStates, sendStatuses } from '../../dispatch/plan/states.ts';
import type { Parameter } from '../openapi/operation.ts';
import {
  answered,
  anything,
  flag,
  integer,
  list,
  type Members,
  map,
  oneOf,
  optional,
  orNull,
  type Schema,
  text,
  time,
} from '../openapi/schema.ts';
import { words } from '../openapi/shared.ts';

export const dispatchId = text('Id of the dispatch: 32 hex digits.');
export const channel = oneOf(channelKeys, 'The channel.');
export const externalId = orNull(text('The external id. null: the person has none, or is gone.'));
export const brazeId = orNull(text('The id that the server gave. null: the person is gone.'));
export const campaignName = optional(text('The name of the campaign. Absent: the workspace has it no more.'));
export const alias = answered({ alias_name: text(), alias_label: text() });
export const dispatchState = oneOf(dispatchStates, 'The state of the dispatch.');

/** Parameters that narrow a list of verdicts. */
export const verdictQuery: Readonly<Record<string, Parameter>> = {
  channel: words(channelKeys, 'Only this channel.'),
  status: words(sendStatuses, 'Only this status.'),
  reason: words(reasons, 'Only this reason.'),
};

/** The parameters that name one person. */
export const personQuery: Readonly<Record<string, Parameter>> = {
  external_id: { schema: text('The person with this external id.') },
  alias_label: { schema: text('Label of the person’s alias; `alias_name` is needed, too.') },
  alias_name: { schema: text('Name of the person’s alias.') },
  braze_id: { schema: text('The person with this id of the server.') },
};

export const schedule = answered(
  {
    schedule_id: text('Id of the schedule.'),
    time: text('When it goes out. A local time has no zone.'),
    in_local_time: optional(flag('By each person’s clock.')),
    at_optimal_time: optional(flag('On that day, at each person’s most active hour.')),
  },
  'Only of a dispatch that was scheduled.',
);

const feedback = answered(
  {
    ...Object.fromEntries(counters.map((name) => [name, optional(integer())])),
    code: optional(orNull(text('The provider’s code.'))),
    text: optional(orNull(text('The provider’s words.'))),
  },
  'What came back: how often, and when first, as members that end in `_at`.',
);

/** What became of one send. */
export const verdict: Members = {
  channel: orNull(channel),
  message_variation_id: optional(
    text('The message variation of its campaign that the person gets. Absent: none, as in a control group.'),
  ),
  status: oneOf(sendStatuses, 'What became of the send.'),
  reason: orNull(oneOf(reasons, 'Why it was not made.')),
  detail: orNull(text('More about the reason.')),
  address: optional(orNull(text('Where it went.'))),
  attempts: optional(integer('Calls of the provider.')),
  provider_code: optional(orNull(text('The provider’s code.'))),
  provider_message_id: optional(orNull(text('The provider’s id of the message.'))),
  next_attempt_at: optional(orNull(time('When it is tried next.'))),
  retried_after: optional(
    list(
      answered({
        at: time('When it came.'),
        provider_code: text('The provider’s code.'),
        detail: orNull(text('What the provider said, at most 200 characters.')),
      }),
      'The last five answers after which it was tried again, or is to be, oldest first. Absent: none, or a push to several devices.',
    ),
  ),
  updated_at: optional(time('When this became so.')),
  extras: optional(map(text(), 'What `message_extras` in its templates attached.')),
  feedback: optional({ ...feedback, additionalProperties: time() }),
};

/** What a dispatch waits for although nothing is wrong. */
export const waits = (description: string) =>
  optional(
    list(
      answered({
        channel: orNull(text('null: all.')),
        why: text('One sentence.'),
        until: orNull(time('When the next message may go, as far as it is known.')),
      }),
      description,
    ),
  );

/** Counts of one channel. */
const channelCounts: Schema = {
  ...answered({
    recipients: integer('People who were looked at.'),
    attempts: integer('Calls of providers.'),
    attempts_failed: integer(
      'Calls that ended without the message accepted. Those of refused settings, and of a relay that does not answer, count in no number.',
    ),
    attempts_in_flight: integer('Calls that have not ended.'),
  }),
  additionalProperties: integer('Sends by reason, or by status if there is no reason.'),
};
export const countsByChannel = map(channelCounts, 'Counts by channel.');

export const refusedCounts: Members = {
  unknown_user: integer(),
  duplicate: integer(),
  not_in_segment: integer(),
  not_in_audience: integer(),
};

/** The answer to a request with `dry_run`, beside `message` and remarks. */
export const dryRunMembers: Members = {
  dry_run: flag(),
  counts: answered({ targeted: integer('Everybody who is meant.'), looked_at: integer(), ...refusedCounts }),
  channels: countsByChannel,
  recipients: list(
    answered({
      external_id: externalId,
      braze_id: optional(brazeId),
      user_aliases: optional(list(alias)),
      email: optional(text()),
      channel: orNull(channel),
      message_variation_id: optional(
        text('The message variation of its campaign that the person would get. Absent: none, as in a control group.'),
      ),
      status: text('`would_be_sent`, `would_be_held`, or the status that the send would have.'),
      reason: orNull(oneOf(reasons)),
      detail: optional(orNull(text())),
      due_at: optional(
        time(
          'When the schedule makes the message due, by local or optimal time each person’s own. Absent: at once, or never.',
        ),
      ),
      held_until: optional(orNull(time('Of `would_be_held`.'))),
      line: optional(integer('Of a list: the line that is refused.')),
    }),
  ),
  samples: list(
    answered({
      external_id: externalId,
      braze_id: brazeId,
      channel,
      address: orNull(anything('Where it would go.')),
      message: anything('The message as it would be sent.'),
    }),
    'At most ten.',
  ),
};
