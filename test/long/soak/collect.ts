/** What the runtimes have for it. */
const { gc, Bun } = globalThis as {
  gc?: () => void;
  Bun?: { gc(synchronously: boolean): void };
};

/** Whether this program may say when its garbage is collected. */
export const collectsGarbage: boolean = gc !== undefined || Bun !== undefined;

/** Collects all of it, so that the memory that is measured is what is in use. */
export function collectGarbageNow(): void {
  if (Bun !== undefined) Bun.gc(true);
  else gc?.();
}
