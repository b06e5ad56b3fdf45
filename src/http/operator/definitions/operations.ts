import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import {
  answered,
  anything,
  flag,
  given,
  integer,
  list,
  map,
  oneOf,
  orNull,
  required,
  text,
  time,
} from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';
import { editableKinds, LONGEST_TEXT } from './definitions-route.ts';
import { plannedMembers } from './planned.ts';

const tag = 'Console';
const params = { segment_id: text('Id of the segment.') };
const filter = orNull(map(null, 'As in the workspace file. null: everybody.'));
const segment = {
  name: text('Unique in the workspace.'),
  description: text(),
  tags: list(text()),
  analytics_tracking_enabled: flag('Whether it is counted every day.'),
  archived: flag('Whether nothing new may use it.'),
};
const how = {
  dry_run: flag('Whether to change nothing and only say what would be changed.'),
  plan_digest: text(
    '`plan_digest` of the dry run that was looked at. If what would be changed is not that any more: 409.',
  ),
};
const plan = { custom_attribute: { custom_attribute_name: 'plan', comparison: 'equals', value: 'gold' } };
const planned = success({ segment_id: text('Id of the segment.'), ...plannedMembers });

/** Where the file of the server defines something. */
export const locked = orNull(
  answered(
    {
      file: text('Name of the file, without its folder.'),
      path: orNull(text('Such as `segments[0]`. null: the file cannot be read.')),
      line: orNull(integer('From 1. null: not known.')),
      problem: orNull(text('Why nobody can tell what the file defines. null: it can be read.')),
    },
    'Where the file that this server applies at its start defines it, so that it is changed there and nowhere else. null: it does not.',
  ),
);
export const edited = orNull(
  answered({ by: text(), at: time() }, 'Who last wrote it in the console or by a command. null: a workspace file did.'),
);

export const operations: Operations = {
  'GET /operator/v1/definitions': {
    summary: 'Read a definition as the text that a workspace file would have',
    description:
      'In the place of each secret stands `${secret:…}` with its digest. An edit keeps the secret as long as this text stands at the same place.',
    tag,
    query: {
      what: { schema: oneOf(editableKinds, 'What to read, as a plan calls it.'), isRequired: true },
      id: { schema: text('Id of the app or subscription group.') },
    },
    answer: {
      status: 200,
      schema: success({ yaml: orNull(text('The text. null: it is not set.')), edited, locked }),
    },
    errors: ['not_found', 'unavailable'],
    example: { query: { what: 'frequency_caps' } },
  },
  'POST /operator/v1/definitions': {
    summary: 'Change definitions as a workspace file of these alone would',
    description:
      'With the same checks, the same plan and in one transaction; what the text does not name stays. `${env:…}` and `${file:…}` are texts here. A secret that stands as `${secret:…}` stays, if it is at the same place and its account keeps its address. Segments and API keys have calls of their own.',
    tag,
    body: given({ yaml: required(text('Sections of a workspace file.', { maxLength: LONGEST_TEXT })), ...how }),
    answer: { status: 200, schema: success(plannedMembers) },
    errors: ['definition_of_file', 'definition_changed', 'unavailable'],
    example: { body: { yaml: 'quiet_hours: [{ from: "21:00", until: "08:00", channels: [push] }]', dry_run: true } },
  },
  'GET /operator/v1/segments/:segment_id': {
    summary: 'Read a segment, and who may change it where',
    tag,
    params,
    answer: {
      status: 200,
      schema: success({
        ...{ id: text(), ...segment, filter: orNull(anything('As in the workspace file. null: everybody.')) },
        ...{ edited, locked },
        used_by: list(text(), 'What uses it, such as `the campaign "Receipts"`.'),
      }),
    },
    errors: ['not_found'],
    example: { params: { segment_id: exampleIds.segment } },
  },
  'POST /operator/v1/segments': {
    summary: 'Save an audience as a segment',
    description:
      'It can be used at once. It belongs to no workspace file: one that names its id takes it over, and says so in its plan.',
    tag,
    body: given({
      id: text('A UUID of your own. Absent: a new one.'),
      ...segment,
      ...{ name: required(segment.name), filter: required(filter), ...how },
    }),
    answer: { status: 201, schema: planned },
    errors: ['definition_of_file', 'definition_changed'],
    example: { body: { name: 'People of the gold plan', filter: { AND: [plan] } } },
  },
  'PATCH /operator/v1/segments/:segment_id': {
    summary: 'Change a segment',
    description: 'Members that are absent stay as they are. Dispatches that have begun are not changed by it.',
    tag,
    params,
    body: given({ ...segment, filter, ...how }),
    answer: { status: 200, schema: planned },
    errors: ['not_found', 'definition_of_file', 'definition_changed'],
    example: { params: { segment_id: exampleIds.segment }, body: { description: 'People of the gold plan' } },
  },
  'DELETE /operator/v1/segments/:segment_id': {
    summary: 'Remove a segment that was saved here',
    description:
      'It is refused while a campaign, a schedule or another segment uses it. What was sent to it before keeps its filter, so it can be tried again. A segment of a workspace file is archived there instead.',
    tag,
    params,
    answer: { status: 200, schema: success() },
    errors: ['not_found', 'definition_of_file', 'definition_in_use'],
    example: { params: { segment_id: exampleIds.segment } },
  },
};
