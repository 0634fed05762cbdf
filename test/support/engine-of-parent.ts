import { MessageChannel, parentPort } from 'node:worker_threads';
import { type EngineOptions, LockEngine } from '../../src/mod.ts';
import { connectEngine, type RemoteEngine } from '../../src/remote/mod.ts';

/** Has the main thread, which runs `client-thread.ts`, make an engine; `close()` closes that too. */
export function engineOfParent(options: EngineOptions = {}): RemoteEngine {
  // What cannot be right is refused here as there.
  new LockEngine(options);
  const { port1, port2 } = new MessageChannel();
  parentPort!.postMessage({ make: options, port: port2 }, [port2]);
  const client = connectEngine(port1);
  const close = client.close.bind(client);
  return Object.assign(client, {
    async close(): Promise<void> {
      await close();
      const closed = new Promise((resolve) => port1.once('message', resolve));
      port1.postMessage('close');
      await closed;
    },
  });
}
