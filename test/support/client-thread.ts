// Runs a test file in a thread, whose engines are all in the main thread.
// usage: client-thread.ts FILE

import process from 'node:process';
import { type MessagePort, Worker } from 'node:worker_threads';
import { type EngineOptions, LockEngine } from '../../src/mod.ts';
import { listen } from '../../src/remote/endpoint.ts';
import { exposeEngine } from '../../src/remote/mod.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const file = process.argv[2]!.replace(/\.ts$/, `.${extension}`);
const client = new Worker(new URL(`../../${file}`, import.meta.url));

client.on('message', ({ make, port }: { make: EngineOptions; port: MessagePort }) => {
  const engine = new LockEngine(make);
  exposeEngine(engine, port);
  listen(port, async (message) => {
    if (message !== 'close') return;
    await engine.close();
    port.postMessage('closed');
  });
});
client.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
});
client.on('exit', (code) => {
  if (code !== 0) process.exitCode = 1;
});
