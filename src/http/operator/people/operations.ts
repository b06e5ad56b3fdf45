import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, list, map, orNull, text, time } from '../../openapi/schema.ts';
import { requiredText, success } from '../../openapi/shared.ts';
import { campaignName, dispatchState, externalId } from '../../public/report-schemas.ts';

const params = { braze_id: text('The `braze_id` of the person.') };
const ids = { external_id: externalId, braze_id: text() };

export const operations: Operations = {
  'GET /operator/v1/people/:braze_id': {
    summary: 'Read everything that is known of a person',
    tag: 'Console',
    params,
    answer: { status: 200, schema: success({ ...ids, profile: map(null, 'As `POST /users/export/ids` has it.') }) },
    errors: ['not_found'],
    example: { params: { braze_id: exampleIds.person } },
  },
  'GET /operator/v1/people/:braze_id/why': {
    summary: 'Read why a person got a dispatch or not: as recorded, and as it would be now',
    tag: 'Console',
    params,
    query: { dispatch_id: requiredText('The dispatch.') },
    answer: {
      status: 200,
      schema: success({
        ...ids,
        dispatch: answered({
          ...{ state: dispatchState, accepted_at: time() },
          ...{ campaign_id: orNull(text()), campaign_name: campaignName },
        }),
        recorded: list(
          map(),
          'The recorded verdicts of the person, as `GET /dispatches/{dispatch_id}/recipients` has them.',
        ),
        now: orNull(list(map(), 'What a dry run says of the person now, by channel. null: there is none.')),
        not_now: orNull(text('Why there is no dry run. null: there is one.')),
      }),
    },
    errors: ['not_found', 'rate_limited', 'audience_too_expensive'],
    example: { params: { braze_id: exampleIds.person }, query: { dispatch_id: exampleIds.dispatch } },
  },
};
