import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** How long a stop waits for the rest of bodies that are on their way, in milliseconds. */
const BODY_GRACE_MS = 2_000;
/** How long a stop waits for the rest of files that are being fetched, in milliseconds. */
const FILE_GRACE_MS = 10_000;

/**
 * Makes a stop close the connections on which no request has come, which browsers open in advance, and after a moment
 * those on which the rest of a request does not come. Node.js itself closes only those that have answered one, and would
 * wait for the others: once it stops, it no longer looks at the time that a request takes.
 */
export function closeWhenStopping(server: FastifyInstance): void {
  // The answers that are not written yet, and one that is. Listeners of each request would cost more than this.
  const answers = new Map<Socket, ServerResponse[]>();
  let isStopping = false;
  // A file that was begun before the stop has not said that it is the last answer.
  const closeAfter = (answer: ServerResponse, socket: Socket) => answer.once('close', () => socket.destroySoon());
  const unwritten = () => [...answers].flatMap(([socket, all]) => all.filter(isOpen).map((one) => ({ one, socket })));
  server.server.on('connection', (socket) => {
    answers.set(socket, []);
    socket.once('close', () => answers.delete(socket));
  });
  server.server.on('request', ({ socket }, answer) => {
    noteAnswer(answers.get(socket), answer);
    if (isStopping) closeAfter(answer, socket);
  });
  server.addHook('preClose', async () => {
    isStopping = true;
    for (const [socket, all] of answers) if (all.length === 0) socket.destroy();
    for (const { one, socket } of unwritten()) closeAfter(one, socket);
    const giveUp = () => {
      for (const { one, socket } of unwritten()) if (!one.req.complete) socket.destroy();
    };
    const cutFiles = () => {
      for (const { one, socket } of unwritten()) if (one.headersSent) socket.destroy();
    };
    setTimeout(giveUp, BODY_GRACE_MS).unref();
    setTimeout(cutFiles, FILE_GRACE_MS).unref();
  });
}

/** Keeps those that are not written yet. Nearly always the only earlier one is. */
function noteAnswer(all: ServerResponse[] | undefined, answer: ServerResponse): void {
  if (all === undefined) return; // The connection is gone.
  let kept = 0;
  for (const one of all) if (isOpen(one)) all[kept++] = one;
  all[kept] = answer;
  all.length = kept + 1;
}

function isOpen({ writableFinished, destroyed }: ServerResponse): boolean {
  return !writableFinished && !destroyed;
}
