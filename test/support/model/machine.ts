import { renameSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { Lock, LockEngine, LockError } from '../../../src/mod.ts';
import { within } from '../eventually.ts';
import { newFile } from '../temp.ts';
import { type Claim, type Held, LockModel, text, type Wait } from './lock-model.ts';
import type { Operation } from './operations.ts';
import type { World } from './world.ts';

/**
 * How long what must happen may take, in milliseconds. Less when something has failed to happen
 * once, to find the shortest sequence sooner.
 */
let limit = 10_000;
/** How long is waited for what may happen or not, in milliseconds. */
const UNCERTAIN = 50;

/**
 * Does one operation after the other to real engines and to the model of them, and fails when the
 * two do not agree.
 *
 * Whether a lock is free is for the kernel to say, and only certain while nobody is about to get or
 * to leave it: {@linkcode Machine.settle} waits until that is so.
 */
export class Machine {
  readonly model: LockModel;
  readonly locks = new Map<Held, Lock>();
  /** Locks of the other process, by their numbers there. */
  readonly outside = new Map<Held, string>();
  /** How many locks each engine must have granted, and waits ended without. */
  readonly counts = { first: { grants: 0, giveUps: 0 }, second: { grants: 0, giveUps: 0 } };
  readonly #world: World;
  readonly #aborts = new WeakMap<Wait, AbortController>();
  /** Waits that were given up and must end with this error, or an error with this code. */
  readonly #ending = new Map<Wait, unknown>();
  readonly #closing: Promise<void>[] = [];
  #closed = false;
  #failure: unknown;
  #changed = (): void => {};

  constructor(world: World) {
    this.#world = world;
    this.model = new LockModel(world.paths.length);
  }

  /** Does one operation, if there is anything to do it to. */
  async do(operation: Operation): Promise<void> {
    if (operation.do === 'replace') await this.settle();
    await this.#do(operation);
    await this.#flush();
    // Inside one engine a lock goes to the next in line before `release()` returns.
    const late = this.model.due().filter((wait) => wait.who === 'first' && this.#isCertain(wait));
    if (late.length > 0) throw new Error(`not granted at once: ${text(...late)}`);
    if (operation.then === 'settle') await this.settle();
    if (operation.then === 'stall') stall();
  }

  /** Waits until everybody has what must be theirs, and all that were given up have ended. */
  async settle(): Promise<void> {
    for (const end of this.#closing.splice(0)) await this.#soon('close()', end);
    await this.#flush();
    for (;;) {
      const due = [...this.model.due(), ...this.#ending.keys()];
      const change = new Promise<void>((resolve) => this.#changed = resolve);
      if (due.length > 0) await this.#soon(`the end of ${text(...due)}`, change);
      else if (this.model.uncertain().length === 0 || !await this.#perhaps(change)) break;
      await this.#flush();
    }
    this.model.forget();
  }

  /** Ends everything. */
  async end(): Promise<void> {
    for (let wait; ([wait] = this.model.waiting) && wait !== undefined;) {
      this.#giveUp(wait);
      await this.#flush();
    }
    for (const held of [...this.locks.keys()]) this.#release(held);
    for (const held of [...this.outside.keys()]) await this.#dropOutside(held, 'close');
    await this.settle();
  }

  #do(operation: Operation): void | Promise<void> {
    const { model } = this;
    switch (operation.do) {
      case 'lock':
      case 'tryLock': {
        const { who, path, mode, range } = operation;
        const claim = { who, file: model.at(path), mode, range };
        if (who === 'outside') return this.#takeOutside(claim, this.#world.paths[path]!);
        const engine = this.#world.engines[who];
        if (operation.do === 'lock') return this.#lock(engine, claim, this.#world.paths[path]!);
        return this.#tryLock(engine, claim, this.#world.paths[path]!);
      }
      case 'close':
        // The wait that takes its thread ends with it.
        if (!this.#closed && this.#world.elsewhere !== undefined) this.counts.second.giveUps++;
        this.#closed = true;
        this.#closing.push(this.#world.engines.second.close());
        for (const wait of [...model.waiting]) {
          if (wait.who === 'second') this.#mustEnd(wait, 'ERR_LOCK_CLOSED');
        }
        return;
      case 'replace':
        renameSync(newFile(), this.#world.paths[operation.path]!);
        return model.replace(operation.path);
      case 'abort':
        return pick(model.waiting, operation, (wait) => this.#giveUp(wait));
      case 'unlock outside':
        return pick(this.outside.keys(), operation, (held) => this.#dropOutside(held, 'unlock'));
      case 'close outside':
        return pick(this.outside.keys(), operation, (held) => this.#dropOutside(held, 'close'));
      case 'release':
        return pick(this.locks.keys(), operation, (held) => this.#release(held));
      case 'downgrade':
        return pick(this.locks.keys(), operation, (held) => this.#downgrade(held));
      case 'tryUpgrade':
        return pick(this.locks.keys(), operation, (held) => this.#tryUpgrade(held));
      case 'upgrade':
        return pick(this.locks.keys(), operation, (held) => this.#upgrade(held));
    }
  }

  async #lock(engine: LockEngine, claim: Claim, path: string): Promise<void> {
    const { model } = this;
    const abort = new AbortController();
    let waits = false;
    const { mode, range } = claim;
    const promise = engine.lock(path, {
      ...{ mode, range, signal: abort.signal },
      onWait: () => waits = true,
    });
    if (this.#isClosed(claim)) return await hasCode(promise, 'ERR_LOCK_CLOSED');
    if (model.obstacles(claim).length > 0 || model.isBehind(claim)) assert.ok(waits, 'waits');
    else if (this.#isCertain(claim, 'in line')) assert.not(waits, `${text(claim)} does not wait`);
    if (waits) return this.#observe(promise, model.wait(claim), abort);
    this.#hold(claim, await promise);
  }

  #tryLock(engine: LockEngine, claim: Claim, path: string): void {
    const { mode, range } = claim;
    const attempt = () => engine.tryLock(path, { mode, range });
    if (this.#isClosed(claim)) {
      return assert.throws(attempt, (error: LockError) => error.code === 'ERR_LOCK_CLOSED');
    }
    const lock = attempt();
    this.#agrees(claim, lock !== undefined);
    if (lock !== undefined) this.#hold(claim, lock);
  }

  async #takeOutside(claim: Claim, path: string): Promise<void> {
    const { mode, range } = claim;
    const certain = this.#isCertain(claim);
    const number = await this.#world.outsider.take({ path, mode, range });
    this.#agrees(claim, number !== 'busy', certain);
    if (number !== 'busy') this.outside.set(this.model.hold(claim), number);
  }

  async #dropOutside(held: Held, how: 'unlock' | 'close'): Promise<void> {
    const number = this.outside.get(held)!;
    this.outside.delete(held);
    this.model.held.delete(held);
    await this.#world.outsider.drop(number, how);
    if (how === 'unlock') this.#world.unlocked.push(number);
  }

  #release(held: Held): void {
    this.locks.get(held)!.release();
    this.locks.delete(held);
    this.model.held.delete(held);
    for (const wait of [...this.model.waiting]) {
      if (wait.upgraded === held) this.#mustEnd(wait, 'ERR_LOCK_RELEASED');
    }
  }

  #downgrade(held: Held): void {
    this.locks.get(held)!.downgrade();
    held.mode = 'shared';
  }

  #tryUpgrade(held: Held): void {
    const upgraded = this.locks.get(held)!.tryUpgrade();
    this.#agrees(upgradeOf(held), upgraded, held.mode === 'exclusive' || this.#isCertain(held));
    if (upgraded) held.mode = 'exclusive';
  }

  async #upgrade(held: Held): Promise<void> {
    const claim = upgradeOf(held);
    const abort = new AbortController();
    let waits = false;
    const promise = this.locks.get(held)!.upgrade({
      signal: abort.signal,
      onWait: () => waits = true,
    });
    this.#agrees(claim, !waits, held.mode === 'exclusive' || this.#isCertain(held));
    if (waits && this.#isClosed(held)) return await hasCode(promise, 'ERR_LOCK_CLOSED');
    const { upgraded, ...wanted } = claim;
    if (waits) return this.#observe(promise, this.model.wait(wanted, upgraded), abort);
    held.mode = 'exclusive';
    await promise;
  }

  #giveUp(wait: Wait): void {
    const reason = { reason: `given up: ${text(wait)}` };
    this.#mustEnd(wait, reason);
    this.#aborts.get(wait)!.abort(reason);
  }

  /** Notes that a wait is over; its promise will say so later. */
  #mustEnd(wait: Wait, error: unknown): void {
    this.model.waiting.delete(wait);
    this.#ending.set(wait, error);
  }

  #observe(promise: Promise<Lock | void>, wait: Wait, abort: AbortController): void {
    this.#aborts.set(wait, abort);
    promise.then((lock) => this.#granted(wait, lock), (error) => this.#rejected(wait, error))
      .catch((failure) => this.#failure ??= failure)
      .finally(() => this.#changed());
  }

  #granted(wait: Wait, lock: Lock | void): void {
    assert.not(this.#ending.has(wait), `${text(wait)} was given up, and is granted`);
    const held = this.model.grant(wait);
    if (lock) this.locks.set(held, lock);
    this.#count(wait).grants++;
  }

  #rejected(wait: Wait, error: unknown): void {
    this.#count(wait).giveUps++;
    const isGone = this.model.waiting.has(wait) && !this.model.isThere(wait) && !wait.upgraded;
    if (isGone && this.model.isDue(wait)) this.#mustEnd(wait, 'ERR_LOCK_REPLACED');
    const expected = this.#ending.get(wait);
    if (error !== expected && (error as LockError).code !== expected) throw error;
    this.#ending.delete(wait);
  }

  #hold(claim: Claim, lock: Lock): void {
    this.locks.set(this.model.hold(claim), lock);
    this.#count(claim).grants++;
  }

  /** What the kernel has answered, when that was certain. */
  #agrees(claim: Wait, granted: boolean, certain = this.#isCertain(claim)): void {
    const free = this.model.obstacles(claim).length === 0;
    if (granted ? !free : free && certain) {
      assert.unreachable(`${text(claim)} is ${granted ? 'granted' : 'busy'}`);
    }
  }

  /** Whether the model knows who can have a lock on the file, or who is in line for it. */
  #isCertain(claim: Claim, what: 'free' | 'in line' = 'free'): boolean {
    const isNear = ({ file }: Claim): boolean => file === claim.file;
    for (const [wait, error] of this.#ending) {
      // When `release()` returns an upgrade has left the kernel, but perhaps not the line.
      if (isNear(wait) && (what === 'in line' || error !== 'ERR_LOCK_RELEASED')) return false;
    }
    return !this.model.due().some(isNear) || this.model.isPrivate(claim);
  }

  #isClosed({ who }: Claim): boolean {
    return who === 'second' && this.#closed;
  }

  #count({ who }: Claim) {
    return this.counts[who as 'first' | 'second'];
  }

  async #soon(what: string, end: Promise<void>): Promise<void> {
    try {
      await within(limit, what, end);
    } catch (error) {
      limit = 1000;
      throw error;
    }
  }

  async #perhaps(change: Promise<void>): Promise<boolean> {
    return await within(UNCERTAIN, 'a change', change).then(() => true, () => false);
  }

  /** Lets all promises be heard that have been resolved, and nothing else happen. */
  async #flush(): Promise<void> {
    for (let tick = 0; tick < 20; tick++) await Promise.resolve();
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function upgradeOf(held: Held): Wait {
  return { ...held, mode: 'exclusive', upgraded: held };
}

/** Holds the event loop up for longer than the kernel takes to wake a thread. */
function stall(): void {
  const end = performance.now() + 0.3;
  while (performance.now() < end);
}

function pick<T, R>(all: Iterable<T>, { which }: { which: number }, act: (one: T) => R): R | void {
  const list = [...all];
  if (list.length > 0) return act(list[which % list.length]!);
}

async function hasCode(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(() => 'granted', (error) => error.code);
  assert.is(error, code);
}
