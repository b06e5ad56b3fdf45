import type { Operations } from '../../openapi/operation.ts';
import { text } from '../../openapi/schema.ts';

export const operations: Operations = {
  'GET /operator/v1/events': {
    summary: 'Hear which things change, as server-sent events',
    description:
      'Each event is named `changed`. Its data is JSON: `topics`, some of `dispatches`, `requests`, `outbox` and `troubles`, and `dispatches`, the ids of those that are new, have other numbers or send just now; `null` means any. The first event says what changed after the one that the header `Last-Event-ID` names, or everything. There is at most one event a second. A comment comes every 14 to 16 s. The stream ends within 2 s after its session, when the server stops, and when 64 KiB wait to be read. A session has at most three streams, and a server has 100; others are refused with 429 and 503.',
    tag: 'Console',
    answer: { status: 200, schema: text('A stream of events.'), type: 'text/event-stream' },
    errors: ['rate_limited', 'queue_full'],
    example: {},
  },
};
