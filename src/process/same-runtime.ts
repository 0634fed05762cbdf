/**
 * The beginning of a command that runs another script of this project on the JavaScript runtime
 * that runs this one. `name` is relative to `from`, an `import.meta.url`, and has no extension.
 */
export function onSameRuntime(name: string, from: string): string[] {
  // Node runs what was compiled, Deno and Bun the sources.
  const file = `${name}${from.endsWith('.ts') ? '.ts' : '.js'}`;
  return [process.execPath, ...runtimeArgs(), decodeURIComponent(new URL(file, from).pathname)];
}

/** Deno's permissions are handed on; one that was given for some paths only cannot be. */
function runtimeArgs(): string[] {
  const deno = (globalThis as { Deno?: DenoPermissions }).Deno;
  if (deno === undefined) return [];
  const granted = ['read', 'write', 'run', 'env', 'sys', 'ffi', 'net']
    .filter((name) => deno.permissions.querySync({ name }).state === 'granted');
  return ['run', '--no-prompt', ...granted.map((name) => `--allow-${name}`)];
}

interface DenoPermissions {
  permissions: { querySync(descriptor: { name: string }): { state: string } };
}
