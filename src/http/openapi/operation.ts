import type { ErrorCode } from '../../errors.ts';
import type { Json } from '../../lib/raw/json.ts';
import type { Schema } from './schema.ts';

/** What a reader should know of one route that the route itself does not say. */
export interface Operation {
  /** What a call does, in one line without a stop. */
  summary: string;
  description?: string;
  tag: Tag;
  /** The parts of the path, by name. */
  params?: Readonly<Record<string, Schema>>;
  /** The parameters of the query, by name. They are those of the route. */
  query?: Readonly<Record<string, Parameter>>;
  /** The body. Absent: the route reads none. */
  body?: Schema;
  /** The lines of a body that works, of a route that reads lines. Absent: it reads JSON, or nothing. */
  lines?: readonly Readonly<Record<string, Json>>[];
  /** The status of success and its body. `type`: default JSON. */
  answer: { status: 200 | 201 | 202; schema: Schema; type?: 'text/event-stream' };
  /** Codes of errors beyond those of every route. */
  errors?: readonly ErrorCode[];
  /** `assets`, `catalogs`: its refusals have the form of the media library, of catalogs. `objects`: entries of its `errors` may be objects. Default: sentences. */
  errorForm?: 'assets' | 'catalogs' | 'objects';
  /** Set for a read of what there never is: each call is refused, the example, too. */
  alwaysRefuses?: true;
  /** A call that works. A test sends it. */
  example: Example;
  /** More bodies that work, by name. */
  moreBodies?: Readonly<Record<string, NonNullable<Example['body']>>>;
}

export interface Parameter {
  schema: Schema;
  isRequired?: true;
}

export interface Example {
  params?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string>>;
  body?: Readonly<Record<string, Json>>;
}

/** The operations of a folder, by method and path of the route, such as `POST /messages/send`. */
export type Operations = Readonly<Record<string, Operation>>;

export const tags = {
  Messages: 'Send, now or later, and look at what was sent.',
  Campaigns: 'Campaigns, segments and their statistics.',
  Users: 'Write, name, export and delete people.',
  Consent: 'Subscription states and flags of addresses.',
  Audiences: 'Whom a filter describes.',
  Content: 'Stored email templates and content blocks.',
  Catalogs: 'Tables that templates read.',
  Console: 'What the console calls, and operators with the cookie of their session.',
  Operation: 'What keeps messages from going out, and what came back of them.',
} as const;
export type Tag = keyof typeof tags;
