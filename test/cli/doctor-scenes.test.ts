import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import type { Scene } from '../../src/cli/doctor/ground.ts';
import { conflict, inheritance, releaseAtClose } from '../../src/cli/doctor/lock-scenes.ts';
import { named, releaseAtKill } from '../../src/cli/doctor/lock-scenes.ts';
import type { Locker } from '../../src/cli/doctor/locker.ts';
import { newFile } from '../support/temp.ts';

/** What a kernel, or a server, may do wrong. */
type Fault =
  | 'gives everybody everything'
  | 'lets readers in beside a writer'
  | 'lets writers in beside a reader'
  | 'keeps readers out'
  | 'keeps everybody out'
  | 'keeps a closed lock'
  | 'drops an inherited lock'
  | "keeps a child's lock"
  | "keeps a killed process's lock";

const allows = {
  'gives everybody everything': () => true,
  'lets readers in beside a writer': (_: Mode, wanted: Mode) => wanted === 'shared',
  'lets writers in beside a reader': (held: Mode) => held === 'shared',
  'keeps readers out': () => false,
} as Partial<Record<Fault, (held: Mode, wanted: Mode) => boolean>>;

type Mode = 'shared' | 'exclusive';

/** Two processes that lock files as the kernel would, but for one fault. */
function sceneWith(fault?: Fault): Scene {
  let locks: { owner: string; file: string; mode: Mode }[] = [];
  const allowed = allows[fault!] ??
    ((held: Mode, wanted: Mode) => held === 'shared' && wanted === 'shared');
  const drop = (owner: string, keptBy: Fault): Promise<void> => {
    if (fault !== keptBy) locks = locks.filter((lock) => lock.owner !== owner);
    return Promise.resolve();
  };
  const locker = (owner: string): Locker => ({
    pid: 2 ** 30,
    try: (file, mode) => {
      const others = locks.filter((lock) => lock.file === file && lock.owner !== owner);
      const isGranted = others.every((lock) => allowed(lock.mode, mode));
      if (isGranted && fault !== 'keeps everybody out') locks.push({ owner, file, mode });
      return Promise.resolve(isGranted && fault !== 'keeps everybody out');
    },
    release: () => drop(owner, 'keeps a closed lock'),
    bequeath: () => {
      for (const lock of locks) if (lock.owner === owner) lock.owner = 'heir';
      if (fault === 'drops an inherited lock') locks = [];
      return Promise.resolve();
    },
    endHeir: () => drop('heir', "keeps a child's lock"),
    kill: () => drop(owner, "keeps a killed process's lock"),
  });
  return { one: locker('one'), other: locker('other'), file: '/a' };
}

const scenes: Record<string, (scene: Scene) => Promise<Finding>> = {
  conflict: (scene) => conflict(scene, '/b'),
  releaseAtClose,
  inheritance,
  releaseAtKill,
};

/** Which scene must fail, and how. */
const expected: [Fault, scene: string, message: string][] = [
  [
    'gives everybody everything',
    'conflict',
    'another process was given an exclusive lock, beside an exclusive lock',
  ],
  [
    'lets readers in beside a writer',
    'conflict',
    'another process was given a shared lock, beside an exclusive lock',
  ],
  [
    'lets writers in beside a reader',
    'conflict',
    'another process was given an exclusive lock, beside a shared lock',
  ],
  [
    'keeps readers out',
    'conflict',
    'another process was refused a shared lock, beside a shared lock',
  ],
  [
    'keeps everybody out',
    'conflict',
    'an exclusive lock was refused on a file that nobody has locked',
  ],
  [
    'keeps a closed lock',
    'releaseAtClose',
    'a lock was still there after its file was closed',
  ],
  [
    'drops an inherited lock',
    'inheritance',
    'a lock ended although a child had inherited it',
  ],
  [
    "keeps a child's lock",
    'inheritance',
    'a lock was still there after the child that had inherited it ended',
  ],
  [
    "keeps a killed process's lock",
    'releaseAtKill',
    'a lock was still there after its process was killed',
  ],
];

test('the doctor finds nothing where locks do what they must', async () => {
  for (const [name, play] of Object.entries(scenes)) {
    assert.is((await play(sceneWith())).state, 'ok', name);
  }
});

for (const [fault, scene, message] of expected) {
  test(`the doctor finds who ${fault}`, async () => {
    assert.equal(await scenes[scene]!(sceneWith(fault)), { state: 'failure', message });
  });

  // Where there is no conflict the others are left out.
  if (scene === 'conflict') continue;
  test(`the doctor blames nothing else on who ${fault}`, async () => {
    for (const [name, play] of Object.entries(scenes)) {
      if (name !== scene) assert.is((await play(sceneWith(fault))).state, 'ok', name);
    }
  });
}

test('the doctor warns when the holder cannot be named', async () => {
  const scene = { ...sceneWith(), file: newFile() };
  const { state, message } = await named(scene, new AbortController().signal);
  assert.equal([state, message], ['warning', 'the process that has a lock cannot be named']);
});

test.run();
