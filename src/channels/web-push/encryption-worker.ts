// A thread that encrypts batches of jobs and returns them in order. encryptors.ts starts it.
import { parentPort } from 'node:worker_threads';
import { encryptFor } from './encrypt.ts';
import { packMessages, unpackJobs } from './encryption-batch.ts';

parentPort?.on('message', (packed: Uint8Array<ArrayBuffer>) => {
  const messages = packMessages(unpackJobs(packed).map(({ plaintext, receiver }) => encryptFor(plaintext, receiver)));
  parentPort?.postMessage(messages, [messages.buffer]);
});
