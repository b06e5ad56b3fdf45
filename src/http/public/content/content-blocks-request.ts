import { type BlockInput, blockStates } from '../../../content/content-blocks.ts';
import { ContentRefused } from '../../../content/refused.ts';
import { describe, type RawObject } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { isStorable } from '../../../lib/raw/storable.ts';
import { isBlockName } from '../../../templating/dialect.ts';
import { flagOf } from '../list-query.ts';
import { given, readTags, requireOne } from './shared-request.ts';

const NAME_BELOW = 100;
const DESCRIPTION_BELOW = 250;
const CONTENT_BELOW_BYTES = 50 * 1_024;

/** Reads the body of /content_blocks/create. Throws ContentRefused. */
export function readNewBlock(body: RawObject): BlockInput {
  const { name, content, description = '', state = 'active', tags = [] } = readInput(body);
  if (name === undefined) throw refuse('Content Block name cannot be blank', 'name: is required');
  if (content === undefined) throw refuse('Content cannot be blank', 'content: is required');
  return { name, content, description, state, tags };
}

const members = ['name', 'content', 'description', 'state', 'tags'];

/** Reads the body of /content_blocks/update. Throws ContentRefused. */
export function readBlockChange(body: RawObject): { id: string; change: Partial<BlockInput> } {
  const id = requireId(given(body, 'content_block_id'));
  const input = readInput(body);
  requireOne(input, members);
  return { id, change: Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) };
}

export function requireId(value: unknown): string {
  if (value === undefined || value === '')
    throw refuse('Content Block ID cannot be blank', 'content_block_id: is required');
  if (typeof value === 'string') return value;
  const problem = `content_block_id: expected a text, got ${describe(value)}`;
  throw refuse('Content Block ID is invalid for this workspace', problem);
}

/** Whether the answer to /content_blocks/info lists what includes the block. Throws ContentRefused. */
export function readInclusion(query: URLSearchParams): boolean {
  const flag = flagOf(query.get('include_inclusion_data') ?? '');
  if (flag === undefined)
    throw refuse('Include Inclusion Data—error', 'include_inclusion_data: expected true or false');
  return flag;
}

function readInput(body: RawObject): { [K in keyof BlockInput]: BlockInput[K] | undefined } {
  return {
    name: readName(given(body, 'name')),
    content: readContent(given(body, 'content')),
    description: readDescription(given(body, 'description')),
    state: readState(given(body, 'state')),
    tags: readTags(body),
  };
}

function readName(name: unknown): string | undefined {
  if (name === undefined) return undefined;
  const only = 'Content Block name can only contain alphanumeric characters';
  if (typeof name !== 'string') throw refuse(only, `name: expected a text, got ${describe(name)}`);
  if (name.trim() === '') throw refuse('Content Block name cannot be blank', 'name: expected a text that is not blank');
  if (name.length >= NAME_BELOW) {
    const problem = `name: expected fewer than ${NAME_BELOW} characters, got ${name.length}`;
    throw refuse('Content Block name must be shorter than 100 characters', problem);
  }
  if (!isBlockName(name)) throw refuse(only, 'name: expected letters A-Z and a-z, digits, - and _');
  return name;
}

function readContent(content: unknown): string | undefined {
  if (content === undefined) return undefined;
  if (typeof content !== 'string')
    throw refuse('Content must be a string', `content: expected a text, got ${describe(content)}`);
  if (content.trim() === '') throw refuse('Content cannot be blank', 'content: expected a text that is not blank');
  const bytes = Buffer.byteLength(content);
  if (bytes < CONTENT_BELOW_BYTES) return content;
  const problem = `content: expected fewer than ${CONTENT_BELOW_BYTES} bytes, got ${bytes}`;
  throw refuse('Content must be smaller than 50kb', problem);
}

function readDescription(text: unknown): string | undefined {
  if (text === undefined) return undefined;
  const problem = `description: expected a text that is not blank, of fewer than ${DESCRIPTION_BELOW} characters`;
  if (typeof text !== 'string') throw refuse('Content Block description must be a string', problem);
  if (text.trim() === '') throw refuse('Content Block description cannot be blank', problem);
  if (text.length >= DESCRIPTION_BELOW)
    throw refuse('Content Block description must be shorter than 250 characters', problem);
  if (!isStorable(text)) throw new ObjectProblem('description: expected Unicode text without NUL');
  return text;
}

function readState(value: unknown): BlockInput['state'] | undefined {
  if (value === undefined) return undefined;
  const state = blockStates.find((known) => known === value);
  if (state !== undefined) return state;
  throw refuse('Content Block state must be either active or draft', 'state: expected active or draft');
}

function refuse(sentence: string, problem: string): ContentRefused {
  return new ContentRefused(sentence, [problem]);
}
