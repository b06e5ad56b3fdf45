// A thread that encrypts what it is given and hands it back, in order. Started by encryptors.ts.
import { parentPort } from 'node:worker_threads';
import { encryptFor } from './encrypt.ts';
import { packMessages, unpackJobs } from './encryption-batch.ts';

parentPort?.on('message', (packed: Uint8Array<ArrayBuffer>) => {
  const messages = packMessages(unpackJobs(packed).map(({ plaintext, receiver }) => encryptFor(plaintext, receiver)));
  parentPort?.postMessage(messages, [messages.buffer]);
});
