import { lanes } from '../../../dispatch/plan/send-plan.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, flag, integer, list, oneOf, optional, orNull, text, time } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';

const laneNames = Object.keys(lanes);
const lane = answered({
  tasks: integer('Pieces of work, due or not.'),
  oldest_waiting_s: integer('For how many seconds the oldest due one has waited.'),
  most_tasks: orNull(integer('With more, requests to send are refused with 503. null: no limit.')),
  longest_wait_s: orNull(integer('The same for `oldest_waiting_s`.')),
});

export const operations: Operations = {
  'GET /status': {
    summary: 'Read what keeps messages from going out',
    tag: 'Operation',
    answer: {
      status: 200,
      schema: success({
        servers: list(
          answered({
            host: text(),
            process_id: integer(),
            roles: list(text()),
            since: time(),
            answers: optional(flag('Whether this server answered the request.')),
          }),
        ),
        workers: list(
          answered({
            id: text(),
            host: optional(text()),
            process_id: optional(integer()),
            version: optional(text()),
            started_at: optional(time()),
            lanes: list(oneOf(laneNames)),
            since: time(),
            last_seen_at: time(),
            tasks_in_hand: integer(),
          }),
        ),
        queue: answered(Object.fromEntries(laneNames.map((name) => [name, lane]))),
        waits: list(text(), 'One sentence each: what messages wait for although nothing is wrong.'),
        problems: list(text(), 'One sentence each. Empty: nothing is known to be wrong.'),
      }),
    },
    example: {},
  },
};
