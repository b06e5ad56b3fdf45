// A push service that answers every POST with 201 at once. It is minimal, so that it is not the bottleneck, and sends its
// port to its parent.
import { createServer } from 'node:tls';
import { testCertificate } from '../rig/certificate.ts';

const answer = Buffer.from('HTTP/1.1 201 Created\r\nlocation: /m/1\r\ncontent-length: 0\r\n\r\n');
const headEnd = Buffer.from('\r\n\r\n');

const server = createServer(testCertificate, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let size = wholeRequest(rest); size > 0; size = wholeRequest(rest)) {
      rest = rest.subarray(size);
      socket.write(answer);
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

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : null);
});
process.on('disconnect', () => process.exit());
