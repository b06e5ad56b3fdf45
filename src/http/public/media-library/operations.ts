import type { Operations } from '../../openapi/operation.ts';
import { answered, given, integer, list, text, time } from '../../openapi/schema.ts';
import { pageNumber, success } from '../../openapi/shared.ts';
import { MOST_FILE_BYTES } from './route.ts';

const asset = {
  name: text(),
  size: integer('In bytes.'),
  url: text('Where everybody finds the file. It never changes.', { format: 'uri' }),
  ext: text('What the bytes are, such as `png`.'),
  asset_id: text(),
};

export const operations: Operations = {
  'POST /media_library/create': {
    summary: 'Store a file, to be shown in messages',
    description: `As JSON, or as \`multipart/form-data\` with the part \`asset_file\`. One of \`asset_url\` and \`asset_file\` is required. A file has at most ${MOST_FILE_BYTES} bytes.`,
    tag: 'Content',
    body: given({
      asset_url: text('A public address, from which the file is fetched once.'),
      asset_file: text('The base64 of the file.'),
      name: text('Default: the name of the file.'),
    }),
    answer: {
      status: 200,
      schema: success({
        new_assets: list(answered(asset)),
        errors: list(text(), 'Empty.'),
        dashboard_url: text('The address of the list.'),
      }),
    },
    errors: ['two_assets', 'no_asset', 'media_library_disabled', 'queue_full'],
    example: {
      body: {
        name: 'dot.gif',
        asset_file: 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7',
      },
    },
  },
  'GET /media_library/list': {
    summary: 'List the files of the media library',
    tag: 'Content',
    query: { page: pageNumber },
    answer: {
      status: 200,
      schema: success({
        assets: list(answered({ ...asset, created_at: time() }), 'At most 100, newest first.'),
        total_count: integer('Of all pages.'),
        total_size: integer('Bytes of all files.'),
      }),
    },
    example: {},
  },
  'PUT /media_library/replace_file': {
    summary: 'Replace a file: always refused',
    description: 'A file never changes, so that it may be cached for ever. Create a new one.',
    tag: 'Content',
    body: given({}),
    answer: { status: 200, schema: success() },
    errors: ['media_library_disabled'],
    example: { body: {} },
    alwaysRefuses: true,
  },
};
