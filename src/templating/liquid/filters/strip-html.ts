const blocks = [
  ['<script', '</script>'],
  ['<!--', '-->'],
  ['<style', '</style>'],
] as const;

/** Without scripts, comments, styles and tags. Each is looked for once only where it has no end. */
export function stripHtml(text: string): string {
  return withoutTags(withoutBlocks(text));
}

function withoutBlocks(text: string): string {
  const kept: string[] = [];
  const unclosed = new Set<string>();
  let from = 0;
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at)) {
    const end = blockEnd(text, at, unclosed);
    if (end === null) at += 1;
    else {
      kept.push(text.slice(from, at));
      from = end;
      at = end;
    }
  }
  kept.push(text.slice(from));
  return kept.join('');
}

/** The end of the block that begins here, if any does. */
function blockEnd(text: string, at: number, unclosed: Set<string>): number | null {
  const block = blocks.find(([start]) => text.startsWith(start, at));
  if (block === undefined || unclosed.has(block[1])) return null;
  const [start, close] = block;
  const end = text.indexOf(close, at + start.length);
  if (end !== -1) return end + close.length;
  unclosed.add(close);
  return null;
}

/** From `<` to the next `>`. */
function withoutTags(text: string): string {
  const kept: string[] = [];
  let from = 0;
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', from)) {
    const end = text.indexOf('>', at);
    if (end === -1) break;
    kept.push(text.slice(from, at));
    from = end + 1;
  }
  kept.push(text.slice(from));
  return kept.join('');
}
