import { channelKeys } from '../../../channels/channel.ts';
import { canaryStates } from '../../../dispatch/ledger/pace/starts.ts';
import { MOST_CODES, replayable } from '../../../dispatch/plan/replay-filter.ts';
import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operation, Operations } from '../../openapi/operation.ts';
import {
  answered,
  flag,
  given,
  integer,
  list,
  map,
  oneOf,
  optional,
  orNull,
  text,
  time,
} from '../../openapi/schema.ts';
import { cursor, limitOf, nextCursor, optionalText, optionalTime, success, words } from '../../openapi/shared.ts';
import {
  alias,
  brazeId,
  campaignName,
  countsByChannel,
  dispatchId,
  dispatchState,
  externalId,
  personQuery,
  refusedCounts,
  schedule,
  verdict,
  verdictQuery,
  waits,
} from '../report-schemas.ts';

const params = { dispatch_id: text('Id of the dispatch: 32 hex digits, or as a UUID.') };
const example = { params: { dispatch_id: exampleIds.dispatch } };

const minAttempts = {
  schema: text('Only recipients with at least so many attempts, 0 to 9999.', { pattern: '^\\d{1,4}$' }),
};

const about = {
  dispatch_id: dispatchId,
  send_id: optional(text()),
  campaign_id: optional(text()),
  campaign_name: campaignName,
  segment_id: optional(text()),
  state: dispatchState,
  schedule: optional(schedule),
  accepted_at: time(),
  finished_at: orNull(time('When it was finished or cancelled.')),
  failure: optional(text('Why it failed, or what it waits for.')),
};

/** An entry of a list of dispatches. */
export const listedDispatch = answered({
  ...about,
  broadcast: flag(),
  channels: list(text()),
  waits: waits(
    'What all that is left of it waits for: quiet hours, another attempt, or the time of its next messages.',
  ),
  counts: answered({ targeted: orNull(integer('Everybody who is meant. null: not counted yet.')) }),
});

export const replayFilter = {
  statuses: list(oneOf(replayable), 'Only sends with one of these statuses.', MOST_CODES),
  channels: list(oneOf(channelKeys), 'Only sends of these channels.', MOST_CODES),
  codes: list(text(), 'Only sends with one of these codes of providers.', MOST_CODES),
};

const control = (summary: string): Operation => ({
  summary,
  tag: 'Messages',
  params,
  body: given({}),
  answer: { status: 201, schema: success({ state: dispatchState }) },
  errors: ['not_found', 'wrong_state'],
  example: { ...example, body: {} },
});

export const operations: Operations = {
  'GET /dispatches': {
    summary: 'List dispatches, the newest first',
    tag: 'Messages',
    query: {
      campaign_id: optionalText('Only those of this campaign.'),
      segment_id: optionalText('Only those to this segment.'),
      state: words(dispatchState.enum as string[], 'Only those in this state.'),
      since: optionalTime('Accepted at this time or later.'),
      until: optionalTime('Accepted before this time.'),
      idempotency_key: optionalText('Only that of this `Idempotency-Key`.'),
      limit: limitOf(500, 50),
      cursor,
    },
    answer: {
      status: 200,
      schema: success({
        dispatches: list(listedDispatch),
        next_cursor: nextCursor,
      }),
    },
    example: { query: { limit: '10' } },
  },
  'GET /dispatches/:dispatch_id': {
    summary: 'Read the state and the counts of a dispatch',
    tag: 'Messages',
    params,
    answer: {
      status: 200,
      schema: success({
        ...about,
        expanded_at: optional(orNull(time('When the last person of a broadcast was written down.'))),
        counted_at: optional(time('When the sends were counted. Absent: just now.')),
        counts: answered({ targeted: orNull(integer()), recipients: orNull(integer()), ...refusedCounts }),
        channels: countsByChannel,
        held: optional(
          answered(
            {
              messages: integer('How many.'),
              first_until: orNull(time('When the first of them may go.')),
              last_until: orNull(time('When the last of them may go.')),
            },
            'What quiet hours hold. Absent: nothing.',
          ),
        ),
        canary: optional(
          map(
            answered({ state: oneOf(canaryStates), started: integer('Messages that were begun.') }),
            'What became of the first part, by channel. Absent: no first part was begun.',
          ),
        ),
        waits: waits(
          'What its messages wait for although nothing is wrong: its pace, a quota of ours, or a worker that is starting.',
        ),
        replays: optional(
          list(
            answered({
              at: time(),
              by: answered({
                statuses: list(text()),
                channels: optional(list(text())),
                codes: optional(list(text())),
              }),
              recipients: orNull(integer()),
              attempts: integer(),
            }),
          ),
        ),
      }),
    },
    errors: ['not_found'],
    example,
  },
  'GET /dispatches/:dispatch_id/recipients': {
    summary: 'List what became of each recipient of a dispatch',
    tag: 'Messages',
    params,
    query: { ...personQuery, ...verdictQuery, min_attempts: minAttempts, limit: limitOf(1_000, 100), cursor },
    answer: {
      status: 200,
      schema: success({
        recipients: list(
          answered({
            external_id: externalId,
            user_aliases: list(alias),
            braze_id: optional(brazeId),
            email: optional(text('As the request named the person.')),
            ...verdict,
            line: optional(integer('Of a list: the line that has no recipient.')),
          }),
        ),
        next_cursor: nextCursor,
      }),
    },
    errors: ['not_found'],
    example: { ...example, query: { limit: '10' } },
  },
  'POST /dispatches/:dispatch_id/cancel': control('Cancel a dispatch'),
  'POST /dispatches/:dispatch_id/pause': control('Pause a dispatch'),
  'POST /dispatches/:dispatch_id/resume': control('Resume a paused dispatch'),
  'POST /dispatches/:dispatch_id/replay': {
    ...control('Try failed sends of a dispatch again'),
    description:
      'Of a finished or cancelled dispatch. Without a body: failed sends, and cancelled ones if it was cancelled. Other members are refused.',
    body: given(replayFilter),
    answer: {
      status: 201,
      schema: success({
        state: dispatchState,
        recipients: optional(
          orNull(integer('Sends that are tried again. null: not all people were written down yet.')),
        ),
        selectable: optional(
          list(
            answered({ channel: text(), status: text(), code: orNull(text()), recipients: integer() }),
            'What could have been selected, if nothing was.',
          ),
        ),
      }),
    },
    example: { ...example, body: { statuses: ['failed', 'cancelled'] } },
  },
};
