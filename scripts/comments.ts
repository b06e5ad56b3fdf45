/** One block comment, or line comments in consecutive lines. */
export interface Comment {
  /** Number of its first line, from 1. */
  line: number;
  /** The text without the comment marks, with a line for each line of the source. */
  text: string;
}

const trailing = /\s\/\/ (.*)$/;

/**
 * Finds the comments of a JavaScript or TypeScript file. It reads by lines: a comment begins its line, or follows code after a
 * blank. So it takes a quoted text that contains ` // ` for a comment, too, which is harmless here.
 */
export function commentsOf(source: string): Comment[] {
  const comments: Comment[] = [];
  let isInBlock = false;
  let isInRow = false;
  for (const [index, raw] of source.split('\n').entries()) {
    const code = raw.trim();
    const continues = isInBlock || (isInRow && code.startsWith('//'));
    const text = isInBlock || code.startsWith('/*') || code.startsWith('//') ? textOf(code) : trailing.exec(raw)?.[1];
    const last = comments.at(-1);
    if (text !== undefined && continues && last !== undefined) last.text += `\n${text}`;
    else if (text !== undefined) comments.push({ line: index + 1, text });
    isInRow = code.startsWith('//');
    isInBlock = (isInBlock || code.startsWith('/*')) && !code.includes('*/');
  }
  return comments;
}

function textOf(code: string): string {
  return code
    .replace(/\s*\*\/.*$/, '')
    .replace(/^(\/\*\*?|\/\/|\*)\s?/, '')
    .trim();
}
