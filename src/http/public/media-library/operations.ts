import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, given, integer, list, orNull, required, text, time } from '../../openapi/schema.ts';
import { pageNumber, success } from '../../openapi/shared.ts';
import { MOST_FILE_BYTES } from './answers.ts';

const asset = {
  name: text(),
  size: integer('In bytes.'),
  url: text('Where everybody finds the file.', { format: 'uri' }),
  ext: text('What the bytes are, such as `png`.'),
  asset_id: text(),
};

const leftOut = {
  name: text(),
  size: integer('In bytes. Of one that is too large: what was read of it.'),
  ext: orNull(text('What its name says. null: nothing.')),
  error: text('`UNSUPPORTED_FILE_TYPE` or `ASSET_SIZE_EXCEEDS_LIMIT`.'),
};

export const operations: Operations = {
  'POST /media_library/create': {
    summary: 'Store a file, to be shown in messages',
    description: `As JSON, or as \`multipart/form-data\` with the part \`asset_file\`. One of \`asset_url\` and \`asset_file\` is required. A file has at most ${MOST_FILE_BYTES} bytes. Of a zip, each file is stored.`,
    tag: 'Content',
    body: given({
      asset_url: text('A public address, from which the file is fetched once.'),
      asset_file: text('The base64 of the file.'),
      name: text('Default: the name of the file. For a zip: what its files are called, before a running number.'),
    }),
    answer: {
      status: 200,
      schema: success({
        new_assets: list(answered(asset)),
        errors: list(answered(leftOut), 'The files of a zip that are left out.'),
        dashboard_url: text('The address of the list.'),
      }),
    },
    errorForm: 'assets',
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
    summary: 'Give a stored file other bytes',
    description: `As JSON, or as \`multipart/form-data\` with the part \`asset_file\`. One of \`asset_url\` and \`asset_file\` is required. The type, the name and the address of the file stay.`,
    tag: 'Content',
    body: given({
      asset_id: required(text('The file to replace.')),
      asset_url: text('A public address, from which the new file is fetched once.'),
      asset_file: text('The base64 of the new file.'),
    }),
    answer: { status: 200, schema: success({ info: text(), new_image_asset: answered(asset) }) },
    errorForm: 'assets',
    errors: ['not_found', 'no_asset_id', 'no_new_asset', 'two_assets', 'media_library_disabled', 'queue_full'],
    example: {
      body: { asset_id: exampleIds.mediaFile, asset_file: 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7' },
    },
  },
};
