import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Where the sources of these scripts are, whatever folder they were compiled into. */
const HERE = fileURLToPath(new URL('../../../scripts/servers/', import.meta.url));
/** Where jars are kept: beside the packages of npm, so that they go when those go. */
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/jars/', import.meta.url));

/** The path of a source file in this folder. */
export function serverSource(name: string): string {
  return join(HERE, name);
}

/**
 * The class path of what a pom file in this folder depends on. Maven fetches the jars the first
 * time; several processes may ask at once.
 * @param pom name of the file, like `kafka-pom.xml`
 * @throws when there is no Maven (mvn), or it cannot fetch them
 */
export async function mavenClassPath(pom: string): Promise<string> {
  const file = serverSource(pom);
  const digest = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  const jars = join(CACHE, `${basename(pom, '.xml')}-${digest.slice(0, 12)}`);
  if (!(await isFolder(jars))) await fetchJars(file, jars);
  return join(jars, '*');
}

async function fetchJars(pom: string, jars: string): Promise<void> {
  await mkdir(dirname(jars), { recursive: true });
  const fetched = await mkdtemp(`${jars}-`);
  try {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${fetched}`];
    await promisify(execFile)('mvn', ['-q', '-B', '-f', pom, ...goal]);
    // Whole or not at all. Where another process was first, its folder is as good.
    await rename(fetched, jars).catch(() => undefined);
    if (!(await isFolder(jars))) throw new Error(`${jars} could not be made`);
  } catch (error) {
    throw new Error(`Maven (mvn) has to fetch the jars of ${pom} and could not`, { cause: error });
  } finally {
    await rm(fetched, { recursive: true, force: true });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  );
}
