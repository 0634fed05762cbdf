import type { Option } from '../description.ts';

/** What a shell can offer for the value of an option, by what the value is called. */
export function valueKind({ value }: Option): 'none' | 'files' | 'directories' | 'anything' {
  if (value === undefined) return 'none';
  if (value === 'FILE') return 'files';
  return value === 'DIR' || value === 'PATH' ? 'directories' : 'anything';
}
