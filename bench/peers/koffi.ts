import type { Packages } from './package.ts';

const F_OFD_SETLKW = 38;
const F_WRLCK = 1;
// struct flock: l_type and l_whence, 16 bits each; zeros for the rest mean the whole file.
const exclusive = new Int16Array(16);
exclusive[0] = F_WRLCK;

/** Makes a function that waits for an OFD lock in koffi's own asynchronous call, as anybody can. */
export function waitByKoffi(koffi: Packages['koffi']): (fd: number) => Promise<void> {
  const fcntl = koffi.load(null).func('fcntl', 'int', ['int', 'int', 'void *']);
  return (fd) =>
    new Promise((resolve, reject) => {
      fcntl.async(fd, F_OFD_SETLKW, exclusive, (error: Error | null, result: number) => {
        if (error === null && result === 0) resolve();
        else reject(error ?? new Error(`fcntl() gave ${result}`));
      });
    });
}
