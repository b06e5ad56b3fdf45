import { lanes } from '../../../dispatch/plan/send-plan.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, integer, list, oneOf, optional, text, time } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';

const laneNames = Object.keys(lanes);
const lane = answered({
  tasks: integer('Pieces of work, due or not.'),
  oldest_waiting_s: integer('For how many seconds the oldest due one has waited.'),
});

export const operations: Operations = {
  'GET /status': {
    summary: 'Read what keeps messages from going out',
    tag: 'Operation',
    answer: {
      status: 200,
      schema: success({
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
        problems: list(text(), 'One sentence each. Empty: nothing is known to be wrong.'),
      }),
    },
    example: {},
  },
};
