// A receiver of webhooks that also answers as Twilio and as Meta do. It parses HTTP by hand, so that it is not the
// bottleneck, and counts whom it was told of. It sends its port to its parent, which gives it orders.
import { createServer, type Socket } from 'node:net';

/**
 * `reset` forgets everything and sets the latency. `until` answers once so many messages have come. `callbacks`: the URLs where
 * Twilio's texts want their statuses. `arrivals`: when each person's last message came, in milliseconds since 1970.
 */
export type SinkOrder = { reset: { latencyMs: number } } | { until: number } | 'count' | 'callbacks' | 'arrivals';

export interface SinkCounts {
  total: number;
  people: number;
}

const headEnd = Buffer.from('\r\n\r\n');
/** Where each kind of message names its person. */
const names = [/"id":"(\w+)"/, /To=%2B(\d+)/, /"to":"\+?(\d+)"/];

const people = new Map<string, number>();
const callbacks: string[] = [];
let total = 0;
let latencyMs = 0;
let wanted: number | null = null;

const server = createServer((socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let size = wholeRequest(rest); size > 0; size = wholeRequest(rest)) {
      const request = rest.toString('latin1', 0, size);
      rest = rest.subarray(size);
      const answer = answerTo(request);
      if (latencyMs === 0) send(socket, answer);
      else setTimeout(send, latencyMs, socket, answer);
    }
  });
});

/** Length of the first request, in bytes. 0: it is incomplete. */
function wholeRequest(data: Buffer): number {
  const end = data.indexOf(headEnd);
  if (end === -1) return 0;
  const length = /content-length: *(\d+)/i.exec(data.toString('latin1', 0, end))?.[1] ?? '0';
  const size = end + headEnd.length + Number(length);
  return data.length >= size ? size : 0;
}

function answerTo(request: string): string {
  const [kind, body] = kindOf(request);
  const name = names[kind]?.exec(request)?.[1];
  if (name === undefined) return 'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n';
  people.set(name, performance.timeOrigin + performance.now());
  const callback = kind === 1 ? /StatusCallback=([^&]*)/.exec(request)?.[1] : undefined;
  if (callback !== undefined) callbacks.push(decodeURIComponent(callback));
  total += 1;
  return `HTTP/1.1 ${kind === 1 ? '201 Created' : '200 OK'}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function kindOf(request: string): [kind: number, body: string] {
  const number = total.toString(16).padStart(32, '0');
  if (request.startsWith('POST /hook')) return [0, '{"ok":true}'];
  if (request.startsWith('POST /2010-04-01/'))
    return [
      1,
      `{"sid":"SM${number}","status":"queued","error_code":null,"num_segments":"1","direction":"outbound-api"}`,
    ];
  return [2, `{"messaging_product":"whatsapp","messages":[{"id":"wamid.${number}","message_status":"accepted"}]}`];
}

function send(socket: Socket, answer: string): void {
  if (!socket.destroyed) socket.write(answer);
  if (wanted === null || total < wanted) return;
  wanted = null;
  process.send?.(counts());
}

function counts(): SinkCounts {
  return { total, people: people.size };
}

process.on('message', (order: SinkOrder) => {
  if (order === 'count') process.send?.(counts());
  else if (order === 'callbacks') process.send?.(callbacks);
  else if (order === 'arrivals') process.send?.([...people]);
  else if ('reset' in order) {
    people.clear();
    callbacks.length = 0;
    total = 0;
    ({ latencyMs } = order.reset);
    process.send?.(counts());
  } else if (total >= order.until) process.send?.(counts());
  else wanted = order.until;
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : null);
});
