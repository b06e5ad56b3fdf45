import type { Operation, Operations } from '../../openapi/operation.ts';
import { given } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';

/** Needs a store for files, which this server does not have. */
const disabled = (summary: string): Operation => ({
  summary,
  tag: 'Content',
  body: given({}),
  answer: { status: 200, schema: success() },
  errors: ['media_library_disabled'],
  example: { body: {} },
  alwaysRefuses: true,
});

export const operations: Operations = {
  'POST /media_library/create': disabled('Store a file: always refused'),
  'PUT /media_library/replace_file': disabled('Replace a file: always refused'),
};
