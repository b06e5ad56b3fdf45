/** Comments that stand together: one block, or line comments in a row. */
export interface Comment {
  /** Of its first line, from 1 on. */
  line: number;
  /** Without the marks, a line for each line of the source. */
  text: string;
}

const trailing = /\s\/\/ (.*)$/;

/**
 * The comments of a JavaScript or TypeScript file. By lines: a comment begins its line, or follows code after a blank.
 * So a text in quotes that holds ` // ` is taken for one as well, which is harmless here.
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
