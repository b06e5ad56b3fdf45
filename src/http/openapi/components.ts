import { type ErrorCode, errorCodes } from '../../errors.ts';
import type { Operation } from './operation.ts';
import { answered, either, list, map, optional, type Schema, text } from './schema.ts';

/** The codes with which every route may refuse. */
const usual: readonly ErrorCode[] = [
  ...([
    'bad_request',
    'no_credentials',
    'invalid_key',
    'address_not_allowed',
    'no_permission',
    'unknown_path',
  ] as const),
  ...(['body_too_large', 'rate_limited', 'quota_used_up', 'internal_error', 'unavailable'] as const),
];
const ofBodies: readonly ErrorCode[] = ['malformed_body', 'wrong_content_type'];

const message = text('What is wrong, in the words that clients of the original know.');

/** Schemas of refusals, by name. */
export const errorSchemas: Readonly<Record<string, Schema>> = {
  Error: answered(
    {
      message,
      errors: optional(list(text(), 'Sentences, each of which begins with the path of what is wrong.')),
      error: optional(text('Only of a body that is not JSON.')),
    },
    'A refusal.',
  ),
  ErrorOfObjects: answered(
    {
      message,
      errors: optional(
        list(either('A sentence, or what is wrong with one object of an array.', text(), map()), 'What is wrong.'),
      ),
      error: optional(text('Only of a body that is not JSON.')),
    },
    'A refusal of a request with many objects.',
  ),
  CatalogError: answered(
    {
      message,
      errors: optional(
        list(
          either(
            'What is wrong: a sentence, or an object of the form that the original has for catalogs.',
            text(),
            answered({
              id: text('A word for the kind of error.'),
              message: text(),
              parameters: list(text('The member that is wrong.')),
              parameter_values: list(text('What came, cut.')),
              fields: optional(list(text('The fields that are wrong.'))),
            }),
          ),
        ),
      ),
      error: optional(text('Only of a body that is not JSON.')),
    },
    'A refusal of the endpoints of catalogs.',
  ),
  AssetError: answered(
    {
      message,
      errors: optional(list(text(), 'Sentences, each of which begins with the path of what is wrong.')),
      error: optional(text('Only of a body that is not JSON.')),
      error_code: optional(text('The code that the original has for a file that is not taken.')),
      meta: optional(map(null, 'What the code says more of.')),
    },
    'A refusal of the media library.',
  ),
};

const schemaOf = {
  sentences: 'Error',
  objects: 'ErrorOfObjects',
  catalogs: 'CatalogError',
  assets: 'AssetError',
} as const;
const forms = Object.keys(schemaOf) as (keyof typeof schemaOf)[];

const statuses = [...new Set(Object.values(errorCodes).map(({ status }) => status))];

/** One answer for each status and form of refusals, such as `Error404`. */
export const errorResponses: Readonly<Record<string, object>> = Object.fromEntries(
  forms.flatMap((form) => statuses.map((status) => [nameOf(status, form), responseOf(status, form)])),
);

function nameOf(status: number, form: keyof typeof schemaOf): string {
  return `${schemaOf[form]}${status}`;
}

function responseOf(status: number, form: keyof typeof schemaOf): object {
  const of = Object.values(errorCodes).filter((code) => code.status === status);
  const lines = of.map(({ label, meaning }) => `- \`${label}\`: ${meaning}`);
  return {
    description: lines.join('\n'),
    headers: { 'x-request-id': { $ref: '#/components/headers/RequestId' } },
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${schemaOf[form]}` } } },
  };
}

/** With these, every call of an operator may be refused. */
const usualOfOperators: readonly ErrorCode[] = [
  ...(['bad_request', 'not_signed_in', 'cross_site', 'role_required', 'unknown_path'] as const),
  ...(['body_too_large', 'internal_error', 'unavailable'] as const),
];

/** The refusals of one operation, by status. */
export function refusalsOf(operation: Operation): Record<string, object> {
  return refusals(operation, usual);
}

/** The same of an operation for operators. */
export function refusalsOfOperators(operation: Operation): Record<string, object> {
  return refusals(operation, usualOfOperators);
}

function refusals({ body, errors = [], errorForm }: Operation, always: readonly ErrorCode[]): Record<string, object> {
  const codes = [...always, ...(body === undefined ? [] : ofBodies), ...errors];
  const own = [...new Set(codes.map((code) => errorCodes[code].status))].sort((a, b) => a - b);
  return Object.fromEntries(
    own.map((status) => [
      String(status),
      { $ref: `#/components/responses/${nameOf(status, errorForm ?? 'sentences')}` },
    ]),
  );
}
