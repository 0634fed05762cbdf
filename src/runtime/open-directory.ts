import { openDirectory, openDirectoryBeneath, openUnmounted } from '../linux/directory.ts';
import { ELOOP, ENOENT, ENOTDIR, EXDEV } from '../linux/errno.ts';
import { type Name, toName } from '../linux/file-calls.ts';
import { closeFd } from '../linux/open.ts';
import { Status } from '../linux/status.ts';
import { LockError, quote, systemError } from '../lock/lock-error.ts';

/** An open directory, which is the same one whatever its path leads to by now. */
export class Directory {
  /** For messages. */
  readonly path: string;
  readonly fd: number;

  /** Device and inode. */
  readonly identity: string;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.fd = fd;
    const status = new Status();
    status.of(fd);
    this.identity = status.identity;
  }

  /** Opens a directory that the caller names, through symbolic links. */
  static open(path: string): Directory {
    const fd = openDirectory(path);
    if (fd < 0) throw systemError(`Cannot open ${quote(path)}`, path, 'open', -fd);
    return new Directory(path, fd);
  }

  /**
   * Opens a directory in this one: no symbolic link, and nothing that is mounted there.
   *
   * @throws {LockError} `ENOENT`; `ENOTDIR` or `ELOOP` when it is none; `EXDEV` for a mount.
   */
  open(name: string, bytes: Name = toName(name)): Directory {
    const path = `${this.path}/${name}`;
    const fd = openUnmounted(this.fd, bytes);
    if (fd >= 0) return new Directory(path, fd);
    if (fd !== -EXDEV) throw systemError(`Cannot open ${quote(path)}`, path, 'open', -fd);
    throw new LockError(`Cannot open ${quote(path)}: something is mounted there`, {
      code: 'EXDEV',
      errno: fd,
      syscall: 'open',
      path,
    });
  }

  /**
   * Opens a directory in this one, or what a link there leads to below it; `undefined` when there is
   * none, and for a link that leads out: what lies there is not a part of this tree.
   */
  openBeneath(name: string): Directory | undefined {
    const path = `${this.path}/${name}`;
    const fd = openDirectoryBeneath(this.fd, name);
    if (fd >= 0) return new Directory(path, fd);
    if ([ENOENT, ENOTDIR, ELOOP, EXDEV].includes(-fd)) return undefined;
    throw systemError(`Cannot open ${quote(path)}`, path, 'open', -fd);
  }

  /** Closes it. */
  close(): void {
    closeFd(this.fd);
  }
}
