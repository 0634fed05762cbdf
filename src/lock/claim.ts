import type { LockMode, LockRange } from './lock-options.ts';

/** What is locked, or shall be. */
export interface Claim {
  /** Who else may have it meanwhile. */
  readonly mode: LockMode;
  /** Which bytes. */
  readonly range: Readonly<LockRange>;
}

/** Tells whether the two cannot be held at the same time, by different open file descriptions. */
export function conflict(a: Claim, b: Claim): boolean {
  return (a.mode === 'exclusive' || b.mode === 'exclusive') && overlap(a.range, b.range);
}

/** Tells whether the ranges have a byte in common. */
export function overlap(a: LockRange, b: LockRange): boolean {
  return a.start < end(b) && b.start < end(a);
}

/** Tells whether every byte of `inner` is in `outer`. */
export function covers(outer: LockRange, inner: LockRange): boolean {
  return outer.start <= inner.start && end(outer) >= end(inner);
}

/** The smallest range that has all bytes of both. */
export function union(a: LockRange, b: LockRange): LockRange {
  const start = Math.min(a.start, b.start);
  return between(start, Math.max(end(a), end(b)))!;
}

/** The bytes that are in both. */
export function common(a: LockRange, b: LockRange): LockRange | undefined {
  return between(Math.max(a.start, b.start), Math.min(end(a), end(b)));
}

/** The bytes of a range that are not in another one: none, one part or two. */
export function without(range: LockRange, other: LockRange): LockRange[] {
  const before = between(range.start, Math.min(end(range), other.start));
  const after = between(Math.max(range.start, end(other)), end(range));
  return [before, after].filter((part) => part !== undefined);
}

function between(start: number, last: number): LockRange | undefined {
  if (start >= last) return undefined;
  return { start, length: last === Infinity ? 0 : last - start };
}

/** The first byte behind the range, of which a length of 0 has none. */
function end({ start, length }: LockRange): number {
  return length === 0 ? Infinity : start + length;
}
