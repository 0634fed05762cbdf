import { spawn } from 'node:child_process';
import process from 'node:process';
import fc from 'fast-check';
import { all } from '../../../src/cli/descriptions/all.ts';
import { RAW } from '../../support/dangerous.ts';
import { scriptCommand } from '../../support/runtime.ts';
import { Sandbox } from './sandbox.ts';
import { argumentLists } from './words.ts';

/** How many lists are tried at a time. */
const AT_A_TIME = 2;
/** How long one may take, in milliseconds. */
const LIMIT = 30_000;
/** The statuses of the commands that are among the words. */
const COMMAND_STATUSES = ['0', '1', '3'];

/** What has come out. */
export interface Rounds {
  /** How often each status was seen. */
  readonly statuses: ReadonlyMap<string, number>;
  /** The shortest list that breaks a promise, and which one. */
  readonly violation: string | undefined;
}

/** Tries so many random lists of arguments, the same ones for the same seed. */
export async function argumentRounds(count: number, seed: number): Promise<Rounds> {
  const statuses = new Map<string, number>();
  const violations = await Promise.all(
    Array.from({ length: AT_A_TIME }, async (_, index) => {
      const sandbox = new Sandbox();
      const property = fc.asyncProperty(argumentLists, async (args) => {
        const key = await tryList(args, sandbox);
        statuses.set(key, (statuses.get(key) ?? 0) + 1);
      });
      const numRuns = Math.ceil(count / AT_A_TIME);
      const { counterexample, errorInstance } = await fc.check(property, {
        seed: seed + index,
        numRuns,
      });
      if (counterexample === null) return undefined;
      return `reflock ${counterexample[0].map((word) => JSON.stringify(word)).join(' ')}\n${
        (errorInstance as Error).message
      }`;
    }),
  );
  return { statuses, violation: violations.find((violation) => violation !== undefined) };
}

/** Gives the subcommand and its status, or throws what is wrong with it. */
async function tryList(args: readonly string[], sandbox: Sandbox): Promise<string> {
  const before = sandbox.state();
  const { code, signal, stdout, stderr } = await run(args, sandbox.path);
  const changed = sandbox.state() !== before;
  if (changed) sandbox.rebuild();
  const problem = (what: string): Error =>
    new Error(`${what}: status ${code}, signal ${signal}\n${stdout}${stderr}`);
  if (signal !== null) throw problem('it was killed, or took too long');
  const subcommand = all.find(({ name }) => name === args[0]);
  const documented = subcommand?.statuses.map(([status]) => status) ?? ['0', '64'];
  if (documented.includes('N')) documented.push(...COMMAND_STATUSES);
  if (!documented.includes(String(code))) throw problem('a status that is not documented');
  if (args[0] === 'storm' && code === 1) throw problem('locks that protect nothing');
  if (code === 64 && changed) throw problem('a file was changed');
  if (/^ +at |\bnode:|file:\/\/|^\w*Error:/m.test(stderr)) throw problem('a stack trace');
  if (RAW.test((stdout + stderr).replaceAll('\n', ''))) throw problem('a raw character');
  // One line of ours; a shell that is the command may have its own to say.
  const own = stderr.split('\n').filter((line) => line !== '' && !/^sh: /.test(line));
  if (own.some((line) => !line.startsWith('reflock: '))) throw problem('a line without a name');
  if (code === 64 && own.length !== 1) throw problem('not one line');
  return `${subcommand?.name ?? '(none)'} ${code}`;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], cwd: string): Promise<Ended> {
  const [command, ...rest] = [...scriptCommand('src/cli/main.ts'), ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(command!, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => process.kill(child.pid!, 'SIGKILL'), LIMIT);
    let [stdout, stderr] = ['', ''];
    // It ends by a signal only.
    const watches = args[0] === 'status' && args.includes('--watch');
    child.stdout.on('data', (data) => {
      stdout += data;
      if (watches && data.toString().startsWith('{')) process.kill(child.pid!, 'SIGINT');
    });
    child.stderr.on('data', (data) => stderr += data);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}
