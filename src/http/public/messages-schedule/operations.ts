import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, either, flag, given, like, list, optional, required, text, time } from '../../openapi/schema.ts';
import { minorErrors, success, tagNames, warnings } from '../../openapi/shared.ts';
import { messageErrors, messageExamples, rehearsed, sendMembers, toAda } from '../messages-send/operations.ts';
import { messages } from '../messages-send/schemas/messages.ts';
import { dispatchId } from '../report-schemas.ts';

export const scheduleId = like(exampleIds.schedule, text('Id of the schedule.'));
export const schedule = given(
  {
    time: required(like('2026-12-24T18:00:00Z', time('When to send. A local time needs no zone.'))),
    in_local_time: flag('Whether it is by each person’s clock.'),
    at_optimal_time: flag('Whether to send on that day at each person’s most active hour.'),
  },
  'When to send.',
);
const tomorrow = { time: '2026-12-24T18:00:00Z' };
const remarks = { errors: minorErrors, cresset: warnings };

export const operations: Operations = {
  'POST /messages/schedule/create': {
    summary: 'Send messages later',
    tag: 'Messages',
    body: given({ ...sendMembers, schedule: required(schedule) }),
    answer: {
      status: 201,
      schema: either(
        'Of a dry run: who would get what.',
        success({
          dispatch_id: dispatchId,
          schedule_id: text('Id of the schedule.'),
          send_id: optional(text()),
          ...remarks,
        }),
        rehearsed,
      ),
    },
    errors: messageErrors,
    example: { body: { ...toAda, schedule: tomorrow } },
    moreBodies: Object.fromEntries(
      Object.entries(messageExamples).map(([name, body]) => [name, { ...body, schedule: tomorrow }]),
    ),
  },
  'POST /messages/schedule/update': {
    summary: 'Change when or what a schedule sends',
    description: 'At least one of `schedule` and `messages` is needed. Each replaces the former one as a whole.',
    tag: 'Messages',
    body: given({ schedule_id: required(scheduleId), schedule, messages }),
    answer: { status: 201, schema: success(remarks) },
    errors: messageErrors,
    example: { body: { schedule_id: exampleIds.schedule, schedule: { ...tomorrow, in_local_time: true } } },
    moreBodies: Object.fromEntries(
      Object.entries(messageExamples).map(([name, body]) => [
        name,
        { schedule_id: exampleIds.schedule, messages: body.messages },
      ]),
    ),
  },
  'POST /messages/schedule/delete': {
    summary: 'Delete a schedule that has not been sent',
    tag: 'Messages',
    body: given({ schedule_id: required(scheduleId) }),
    answer: { status: 201, schema: success() },
    example: { body: { schedule_id: exampleIds.schedule } },
  },
  'GET /messages/scheduled_broadcasts': {
    summary: 'List the broadcasts of campaigns that are to come',
    tag: 'Messages',
    query: { end_time: { schema: time('Until when.'), isRequired: true } },
    answer: {
      status: 200,
      schema: success({
        scheduled_broadcasts: list(
          answered({
            ...{ name: text(), id: text(), type: text('Always `Campaign`.'), tags: tagNames },
            next_send_time: text('A local time has no zone.'),
            schedule_type: text('The time zone, `local_time_zones`, or `intelligent_delivery`.'),
          }),
        ),
      }),
    },
    example: { query: { end_time: '2026-12-31' } },
  },
};
