import MarkdownIt from 'markdown-it';

/** One fenced block of a page, or a hidden one in a comment that begins with `run`. */
export interface Example {
  /** Line of the page on which the block begins. */
  line: number;
  /** The word after the fence, such as `sh`. Empty: none. */
  language: string;
  text: string;
  /** The text of the comment right before the block. null: there is none. */
  mark: string | null;
  /** True: nothing but a comment stands between the block before and this one. */
  isAdjacent: boolean;
}

const comment = /^<!--\s*([\s\S]*?)\s*-->\s*$/;
const hidden = /^run\n([\s\S]*)$/;
/** Tokens that put nothing between two blocks: where a list or one of its items begins or ends. */
const silent = /^(bullet_list|ordered_list|list_item)_(open|close)$/;
const reader = new MarkdownIt({ html: true });

/** The examples of a page, in order. Pure. */
export function examplesOf(markdown: string): Example[] {
  const examples: Example[] = [];
  let mark: string | null = null;
  let isAdjacent = false;
  for (const { type, info, content, map } of reader.parse(markdown, {})) {
    const line = (map?.[0] ?? 0) + 1;
    if (type === 'fence' || type === 'code_block') {
      examples.push({ line, language: info.trim(), text: content, mark, isAdjacent });
      [mark, isAdjacent] = [null, true];
      continue;
    }
    const said: string | null = type === 'html_block' ? (comment.exec(content)?.[1] ?? null) : null;
    const commands = hidden.exec(said ?? '')?.[1];
    if (commands !== undefined) {
      examples.push({ line, language: 'sh', text: `${commands}\n`, mark: 'hidden', isAdjacent: false });
      isAdjacent = false;
    } else if (said !== null) mark = said;
    else if (!silent.test(type)) [mark, isAdjacent] = [null, false];
  }
  return examples;
}
