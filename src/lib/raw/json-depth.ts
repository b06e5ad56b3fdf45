/** Counts the levels of a JSON text without parsing it, because 4 MiB of brackets would become four million arrays. */
export function isDeeperThan(most: number, text: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inText) {
      if (code === backslash) at += 1;
      else if (code === quote) inText = false;
    } else if (code === quote) inText = true;
    else if (code === openBrace || code === openBracket) {
      depth += 1;
      if (depth > most) return true;
    } else if (code === closeBrace || code === closeBracket) depth -= 1;
  }
  return false;
}

const [quote, backslash, openBrace, openBracket, closeBrace, closeBracket] = Array.from('"\\{[}]', (mark) =>
  mark.charCodeAt(0),
);
