import { Problems } from '../lib/raw/problems.ts';
import { compileTree } from '../templating/tree.ts';
import { ContentRefused } from './refused.ts';

/**
 * The names of the content blocks in the text of a block. It must be readable as a text and as HTML, in which comments do
 * not run, because it may be included in both. Throws ContentRefused.
 */
export function blocksIn(content: string): string[] {
  const problems = new Problems();
  const options = { path: '', never: new Set<string>(), problems };
  const { blocks } = compileTree({ content }, options);
  if (problems.isEmpty) compileTree({ content }, { ...options, html: new Set(['content']) });
  if (problems.isEmpty) return [...new Set(blocks.map(({ name }) => name))];
  throw new ContentRefused('Content contains malformed liquid', problems.texts);
}

/** The original asks its users; we look for the beginning of a tag or comment. */
export function contentTypeOf(content: string): 'html' | 'text' {
  return /<[a-z!/]/i.test(content) ? 'html' : 'text';
}
