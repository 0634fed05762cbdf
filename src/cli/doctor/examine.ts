import { type Check, failure, type Finding, warning } from './finding.ts';
import { Ground, type Place } from './ground.ts';
import { type Step, stepsFor } from './steps.ts';

/**
 * Makes all checks for a place, one after the other, and leaves nothing behind. Rejects with
 * `signal.reason` when that aborts.
 */
export async function examine(place: Place, signal: AbortSignal): Promise<Check[]> {
  const ground = new Ground(place, signal);
  const checks: Check[] = [];
  const unmet = new Set<string>();
  try {
    for (const step of stepsFor(place)) {
      // Also when a check has met that as an error.
      signal.throwIfAborted();
      const missing = step.needs?.find((name) => unmet.has(name));
      const finding = missing === undefined
        ? await findingOf(step, ground)
        : warning(`left out, as it needs "${missing}"`);
      if (missing !== undefined || finding.state === 'failure') unmet.add(step.name);
      checks.push({ name: step.name, ...finding });
    }
    return checks;
  } finally {
    await ground.end();
  }
}

async function findingOf({ check, advice }: Step, ground: Ground): Promise<Finding> {
  let finding: Finding;
  try {
    finding = await check(ground);
  } catch (error) {
    finding = failure((error as Error).message);
  }
  if (finding.state === 'ok' || finding.advice !== undefined || advice === undefined) {
    return finding;
  }
  return { ...finding, advice };
}
