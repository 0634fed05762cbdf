import process from 'node:process';
export async function main(_args: readonly string[]): Promise<number> {
  process.stdout.write('usage: reflock storm \nexample: reflock ');
  return await Promise.resolve(0);
}
