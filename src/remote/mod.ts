/**
 * One engine for all threads of a program, by comlink.
 *
 * @module
 */

export type { ExposeOptions } from './allowance.ts';
export { connectEngine } from './connect-engine.ts';
export { exposeEngine } from './expose-engine.ts';
export type { Endpoint, ListeningEndpoint } from './endpoint.ts';
export type { Asynchronous, RemoteEngine, RemoteOf } from './remote-engine.ts';
