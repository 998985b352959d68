import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A disk of a few megabytes for one server: a tmpfs in mount and user namespaces of the server's
 * own, which needs no rights, or, where those are forbidden, a mount by root.
 */
export interface SmallDisk {
  /** Where the server sees it. */
  readonly data: string;
  /** What the server is to be started through. */
  readonly through: readonly string[];
  /** Where this process sees it, once the server runs. */
  seenFrom(pid: number): string;
  remove(): void;
}

/** Makes a disk, or answers undefined where this machine allows neither way. */
export function smallDisk(bytes: number): SmallDisk | undefined {
  const data = mkdtempSync(join(tmpdir(), 'sagae-disk-'));
  const mount = ['mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'none', data];
  const namespaces = ['unshare', '-Urm', 'sh', '-c', `${mount.join(' ')} && exec "$@"`, 'sh'];
  const remove = (): void => rmSync(data, { recursive: true, force: true });
  if (succeeds([...namespaces, 'true'])) {
    return { data, through: namespaces, seenFrom: (pid) => `/proc/${pid}/root${data}`, remove };
  }
  if (succeeds(mount)) {
    const unmount = (): void => {
      execFileSync('umount', [data]);
      remove();
    };
    return { data, through: [], seenFrom: () => data, remove: unmount };
  }
  remove();
  return undefined;
}

function succeeds([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** A file that takes all the space of a disk but for `left` bytes. */
export function fill(disk: string, left: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - left)));
}

/** Gives the space back. */
export function empty(disk: string): void {
  if (readdirSync(disk).includes('ballast')) unlinkSync(join(disk, 'ballast'));
}
