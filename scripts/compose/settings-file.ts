/** What stands in a file of nested settings, by its path, like `services.query.ports.0`. */
export type Settings = ReadonlyMap<string, string>;

/**
 * Reads the part of YAML that our own docker-compose.yml is written in: maps and lists by
 * indentation, and values on one line. Texts of several lines are left out.
 */
export function readSettings(text: string): Settings {
  const settings = new Map<string, string>();
  const open: { indent: number; path: string; items: number }[] = [];
  let block = Infinity;
  for (const line of text.split('\n')) {
    const indent = line.search(/\S/);
    if (indent === -1 || line.trimStart().startsWith('#') || indent > block) continue;
    block = Infinity;
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
    const parent = open.at(-1);
    const { key, value } = partsOf(line.trim(), parent);
    const path = parent === undefined ? key : `${parent.path}.${key}`;
    if (value === '|') block = indent;
    else if (value !== '') settings.set(path, value.replace(/^(["'])(.*)\1$/, '$2'));
    if (!line.trim().startsWith('- ')) open.push({ indent, path, items: 0 });
  }
  return settings;
}

function partsOf(
  line: string,
  parent: { items: number } | undefined,
): Readonly<{ key: string; value: string }> {
  if (line.startsWith('- ')) {
    if (parent === undefined) throw new Error('a list without a name');
    return { key: String(parent.items++), value: line.slice(2) };
  }
  const [, key, value] = /^([^:\s]+):(?:\s+(.*))?$/.exec(line) ?? [];
  if (key === undefined) throw new Error(`neither a setting nor an item: ${line}`);
  // What a name for later use stands before is on the lines below.
  return { key, value: (value ?? '').replace(/^&\S+$/, '') };
}

/** The settings below a path, their paths shortened by it. */
export function below(settings: Settings, path: string): Settings {
  const found = [...settings].filter(([key]) => key.startsWith(`${path}.`));
  return new Map(found.map(([key, value]) => [key.slice(path.length + 1), value]));
}
