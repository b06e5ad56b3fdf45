import type { Operation, Operations } from '../../openapi/operation.ts';
import { list, map, text } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';

const params = { preference_center_id: text('The preference center. There are none, so each id is refused.') };
const unknown: Omit<Operation, 'summary'> = {
  tag: 'Consent',
  params,
  answer: { status: 200, schema: success() },
  errors: ['not_found'],
  example: { params: { preference_center_id: 'none' } },
  alwaysRefuses: true,
};

export const operations: Operations = {
  'GET /preference_center/v1/list': {
    summary: 'List preference centers: always none',
    tag: 'Consent',
    answer: { status: 200, schema: success({ preference_centers: list(map()) }) },
    example: {},
  },
  'GET /preference_center/v1/:preference_center_id': {
    ...unknown,
    summary: 'Read a preference center: always refused',
  },
  'GET /preference_center/v1/:preference_center_id/url/:external_id': {
    ...unknown,
    summary: 'Read the address of a person’s preference center: always refused',
    params: { ...params, external_id: text('The external id.') },
    example: { params: { preference_center_id: 'none', external_id: 'ada' } },
  },
};
