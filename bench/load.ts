import { connect, type Socket } from 'node:net';

export interface Post {
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface LoadResult {
  /** Latency of each request, in milliseconds. */
  latencies: number[];
  perSecond: number;
}

export type Load = LoadOptions & (Alike | { next(): Post });

/** Requests that differ only in their bodies. */
export interface Alike {
  path: string;
  headers: Record<string, string>;
  body: () => string;
}

interface LoadOptions {
  url: string;
  /** The status of a good answer. Default: 201. */
  status?: number;
  connections: number;
  forMs: number;
  /** Requests a second, whether or not earlier ones are answered. Absent: as fast as the answers come. */
  offered?: number;
}

/**
 * Posts for a while. Latency counts from the moment when a request was due, so that a stalled server cannot hide.
 * It uses plain sockets and as little of HTTP as it needs, because it shares the machine with the server that it measures,
 * and an HTTP client costs as much as a server.
 */
export async function load(options: Load): Promise<LoadResult> {
  const { connections, forMs, offered } = options;
  const latencies: number[] = [];
  const failures: Error[] = [];
  const message = messageOf(options);
  const start = performance.now();
  const end = start + forMs;
  const due: number[] = [];
  const idle: Connection[] = [];
  const onAnswer = (connection: Connection) => {
    latencies.push(performance.now() - connection.dueAt);
    const next = offered === undefined && performance.now() < end ? performance.now() : due.shift();
    if (next === undefined) idle.push(connection);
    else connection.post(message(), next);
  };
  const all = await Promise.all(
    Array.from({ length: connections }, () => openConnection(options, onAnswer, (error) => failures.push(error))),
  );
  idle.push(...all);
  const post = (dueAt: number) => {
    const connection = idle.pop();
    if (connection === undefined) due.push(dueAt);
    else connection.post(message(), dueAt);
  };
  if (offered === undefined) for (let first = 0; first < connections; first += 1) post(performance.now());
  else await openLoop(post, { start, forMs, offered });
  while ((idle.length < connections || performance.now() < end) && failures.length === 0) await tick();
  const seconds = (performance.now() - start) / 1000;
  for (const connection of all) connection.close();
  if (failures[0]) throw failures[0];
  return { latencies, perSecond: latencies.length / seconds };
}

/** Sleeps for a millisecond. It costs that much precision, which counts as latency; spinning would cost a core. */
function tick(): Promise<void> {
  return new Promise((passed) => setTimeout(passed, 1));
}

async function openLoop(
  post: (dueAt: number) => void,
  { start, forMs, offered }: { start: number; forMs: number; offered: number },
): Promise<void> {
  const total = (forMs / 1000) * offered;
  for (let sent = 0; sent < total; await tick()) {
    const due = Math.min(total, ((performance.now() - start) / 1000) * offered);
    for (; sent < due; sent += 1) post(start + (sent / offered) * 1000);
  }
}

function messageOf(load: Load): () => string {
  const { host } = new URL(load.url);
  const next = 'next' in load ? load.next : () => ({ ...load, body: load.body() });
  return () => {
    const { path, headers, body } = next();
    const head = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    return `POST ${path} HTTP/1.1\r\n${head.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };
}

interface Connection {
  /** When the request under way was due. */
  dueAt: number;
  post(message: string, dueAt: number): void;
  close(): void;
}

/** Opens a connection for one request at a time. An answer must have the status and a content-length. */
function openConnection(
  { url, status = 201 }: Load,
  onAnswer: (connection: Connection) => void,
  onFailure: (error: Error) => void,
): Promise<Connection> {
  const { hostname, port } = new URL(url);
  return new Promise((opened, failed) => {
    const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const connection: Connection = {
      dueAt: 0,
      post(message, dueAt) {
        connection.dueAt = dueAt;
        socket.write(message);
      },
      close() {
        socket.removeAllListeners('close').destroy();
      },
    };
    let answer = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      answer += chunk;
      const head = answer.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/^content-length: (\d+)/im.exec(answer)?.[1]);
      if (!answer.startsWith(`HTTP/1.1 ${status} `)) onFailure(new Error(`answered ${answer.slice(0, 400)}`));
      else if (answer.length >= head + 4 + length) {
        answer = '';
        onAnswer(connection);
      }
    });
    socket.on('connect', () => opened(connection)).on('error', failed);
    socket.on('close', () => onFailure(new Error('the server closed a connection')));
  });
}
