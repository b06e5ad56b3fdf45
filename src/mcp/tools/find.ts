import * as z from 'zod';
import { CressetError, type OperationName } from '../../client/client.ts';
import type { Input } from '../../client/request.ts';
import { refusalText } from '../refusal.ts';
import { type Call, defineTool, reading } from '../tool.ts';
import { list } from './arguments.ts';

/** What an id may be: how it is looked for, and which tool says more. */
interface Guess {
  what: string;
  operation: OperationName;
  input: Input;
  tool: string;
  arguments: object;
  /** Whether the answer holds it. Default: yes, because it is refused otherwise. */
  isFound?(answer: Readonly<Record<string, unknown>>): boolean;
}

function guessesOf(id: string): Guess[] {
  const query = (operation: OperationName, name: string, what: string): Guess => ({
    ...{ what, operation, input: { query: { [name]: id } } },
    ...{ tool: 'get_definition', arguments: { kind: what, id } },
  });
  const person = (name: string): Guess => ({
    ...{ what: `person, by ${name}`, operation: 'GET /users/messages', input: { query: { [name]: id, limit: 1 } } },
    ...{ tool: 'list_user_messages', arguments: { [name]: id } },
    isFound: ({ people }) => people === undefined || isFilled(people),
  });
  const dispatch: Guess = {
    ...{ what: 'dispatch', operation: 'GET /dispatches/{dispatch_id}', input: { path: { dispatch_id: id } } },
    ...{ tool: 'get_dispatch', arguments: { dispatch_id: id } },
  };
  return [
    ...(/^[\da-f-]{32,36}$/i.test(id) ? [dispatch] : []),
    {
      ...{ what: 'idempotency key', operation: 'GET /dispatches', input: { query: { idempotency_key: id, limit: 1 } } },
      ...{ tool: 'list_dispatches', arguments: { idempotency_key: id } },
      isFound: ({ dispatches }) => isFilled(dispatches),
    },
    query('GET /campaigns/details', 'campaign_id', 'campaign'),
    query('GET /segments/details', 'segment_id', 'segment'),
    query('GET /templates/email/info', 'email_template_id', 'email_template'),
    query('GET /content_blocks/info', 'content_block_id', 'content_block'),
    person('external_id'),
    person('braze_id'),
    ...(id.includes('@') ? [person('email')] : []),
    ...(id.startsWith('+') ? [person('phone')] : []),
  ];
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

export const find = defineTool({
  name: 'find',
  title: 'Find anything by its id',
  description:
    'Says what an id, address or Idempotency-Key belongs to: a dispatch, a person, a campaign, a segment, an email template, a content block; and which tool says more. Permissions: those of what is looked for; kinds that the key may not read are named in not_looked_at.',
  input: z.strictObject({ id: z.string().min(1).describe('The id, email address or phone number.') }),
  output: {
    found: list('What it is, with tool and arguments to read more.'),
    not_looked_at: list('Kinds that could not be asked for, with the reason.'),
  },
  annotations: reading,
  async run({ id }, call) {
    const looked = await Promise.all(guessesOf(id.trim()).map((guess) => look(guess, call)));
    return {
      found: looked.flatMap((one) => (one !== null && 'tool' in one ? [one] : [])),
      not_looked_at: looked.flatMap((one) => (one !== null && 'why' in one ? [one] : [])),
    };
  },
});

type Looked = { what: string; tool: string; arguments: object } | { what: string; why: string } | null;

/** An id of another kind is refused with 400 or 404. */
async function look(guess: Guess, { api, signal }: Call): Promise<Looked> {
  const { what, tool, arguments: given, isFound = () => true } = guess;
  try {
    const answer = await api.call(guess.operation, guess.input, { signal });
    return isFound(answer) ? { what, tool, arguments: given } : null;
  } catch (error) {
    if (!(error instanceof CressetError) || error.status === 401) throw error;
    return [400, 404].includes(error.status) ? null : { what, why: refusalText(error, api.url) };
  }
}
