import { keepLedger } from '../src/linux/file-calls.ts';
import { ownThread } from '../src/linux/threads.ts';
import { findLockOwners } from '../src/linux/lock-owners.ts';
import { copyTree } from './copy-tree.ts';
import { deleteTree } from './delete-tree.ts';
import { surveyTree } from './survey-tree.ts';
import { type Answer, DROPPED, OPEN, type Order, TAKEN, type Task, THREAD } from './tree-task.ts';

/** Does one task to its end, or until it is told to stop; a task that was withdrawn not at all. */
export default function task({ task, taken, fds }: Order): Answer<Task> | undefined {
  // The owner of a withdrawn task has closed its descriptors: they may be somebody else's by now.
  if (Atomics.compareExchange(taken, 0, OPEN, TAKEN) !== OPEN) return undefined;
  Atomics.store(taken, THREAD, ownThread());
  keepLedger(fds);
  try {
    return work(task);
  } finally {
    keepLedger(undefined);
    Atomics.store(taken, 0, DROPPED);
  }
}

function work(task: Task): Answer<Task> {
  switch (task.work) {
    case 'survey':
      return surveyTree(task);
    case 'copy':
      return copyTree(task);
    case 'delete':
      return deleteTree(task);
    case 'holders':
      return findLockOwners(new Set(task.files));
  }
}
