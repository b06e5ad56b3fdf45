import type { TestApp } from '../app.ts';

/** An event of the stream. */
export interface Said {
  id: string;
  data: { topics: string[]; dispatches: string[] | null };
  /** Length of the event as it came. */
  bytes: number;
}

export interface Events {
  status: number;
  headers: Headers;
  /** The next event. Rejects at the end of the stream. */
  next(): Promise<Said>;
  /** Resolves at the next comment. Events before it are dropped. */
  untilBeat(): Promise<void>;
  /** Resolves when the server has ended the stream. */
  ended(): Promise<void>;
  /** Cuts the connection. */
  close(): void;
}

/** Opens the stream of events with the token of a session. The answer may be a refusal. */
export async function openEvents(
  app: Pick<TestApp, 'url'>,
  token: string,
  headers: Record<string, string> = {},
): Promise<Events> {
  const cut = new AbortController();
  const response = await fetch(`${app.url}/operator/v1/events`, {
    headers: { cookie: `cresset_session=${token}`, ...headers },
    signal: cut.signal,
  });
  const blocks = blocksOf(response);
  const nextBlock = async () => {
    const { value, done } = await blocks.next();
    if (done === true) throw new Error('the stream has ended');
    return value;
  };
  return {
    status: response.status,
    headers: response.headers,
    async next() {
      for (;;) {
        const block = await nextBlock();
        if (!block.startsWith(':')) return saidIn(block);
      }
    },
    async untilBeat() {
      while (!(await nextBlock()).startsWith(':'));
    },
    async ended() {
      for (;;) if ((await blocks.next()).done === true) return;
    },
    close: () => cut.abort(),
  };
}

async function* blocksOf({ body }: Response): AsyncGenerator<string> {
  let rest = '';
  for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    rest += text;
    for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 2);
    }
  }
}

function saidIn(block: string): Said {
  const [, id = '', data = ''] = /^id: (\S+)\nevent: changed\ndata: (.*)$/.exec(block) ?? [];
  return { id, data: JSON.parse(data), bytes: Buffer.byteLength(block) };
}
