/** What the server says has changed. `dispatches`: ids; null: any. */
export interface Changes {
  topics: readonly string[];
  dispatches: readonly string[] | null;
}

/** The longest block that is read. An event is some kilobytes long. */
const LONGEST = 100_000;

/** The blocks of a stream of events, as they come. Throws TypeError if one does not end. */
export async function* blocksOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    rest += piece.value;
    for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 2);
    }
    if (rest.length > LONGEST) throw new TypeError('an event is too long');
  }
}

/** null: it is a sign of life, or something that this release does not know. */
export function eventIn(block: string): { id: string; changes: Changes } | null {
  const fields = new Map(
    block.split('\n').map((line): [string, string] => {
      const [name = '', ...value] = line.split(': ');
      return [name, value.join(': ')];
    }),
  );
  if (fields.get('event') !== 'changed') return null;
  const { topics, dispatches } = JSON.parse(fields.get('data') ?? '{}') as Partial<Changes>;
  return {
    id: fields.get('id') ?? '',
    changes: { topics: topics ?? [], dispatches: dispatches ?? null },
  };
}
