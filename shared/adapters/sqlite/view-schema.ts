import type Database from 'better-sqlite3';
import type { ColumnType, Table } from '../../ports/view-store.js';
import { inTransaction } from './view-faults.js';

/** Types of STRICT tables; `ANY` keeps an integer an integer and a text a text. */
const SQL_TYPE: Readonly<Record<ColumnType, string>> = {
  int: 'INTEGER',
  sum: 'ANY',
  text: 'TEXT',
  blob: 'BLOB',
};

/** What stands beside the live tables while they are built anew, and while the old are dropped. */
export const BUILDING = '@building';
export const RETIRED = '@retired';

export const CHECKPOINTS = 'checkpoints';
/** What the stored tables were declared as. */
export const DECLARED = 'declared';

/** Quotes a name for SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Columns of an index of the table. @throws when it is not declared */
export function indexColumns(table: Table, index: string): readonly string[] {
  const columns = index === 'key' ? table.key : table.indexes[index];
  if (columns === undefined) throw new Error(`${table.name} has no index ${index}`);
  return columns;
}

/** Columns that put the rows of an index in one order only: its own, then the rest of the key. */
export function orderColumns(table: Table, index: string): readonly string[] {
  const columns = indexColumns(table, index);
  return [...columns, ...table.key.filter((name) => !columns.includes(name))];
}

/**
 * Creates the tables that are not there.
 * @throws when a table is there with other columns: its name must carry a new version then
 */
export function createTables(
  db: Database.Database,
  tables: readonly Table[],
  suffix: string,
): void {
  db.pragma('journal_mode = WAL');
  // Nothing to make: no waiting for the lock of whoever is writing now.
  if (hasTable(db, DECLARED) && tables.every((table) => isCreated(db, table, suffix))) return;
  inTransaction(db, () => {
    db.exec(`CREATE TABLE IF NOT EXISTS ${CHECKPOINTS} (
      view TEXT PRIMARY KEY, position INTEGER NOT NULL, stamp INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`);
    db.exec(`CREATE TABLE IF NOT EXISTS ${DECLARED} (
      name TEXT PRIMARY KEY, declaration TEXT NOT NULL) STRICT, WITHOUT ROWID`);
    for (const table of tables) createTable(db, table, suffix);
  });
}

/** Drops tables of an earlier rebuild that nobody uses any more, and their checkpoints. */
export function dropLeftovers(db: Database.Database): void {
  for (const name of leftovers(db)) db.exec(`DROP TABLE ${quoted(name)}`);
  for (const [table, column] of [
    [CHECKPOINTS, 'view'],
    [DECLARED, 'name'],
  ] as const) {
    const where = `FROM ${table} WHERE ${column} LIKE '%${BUILDING}'`;
    const isThere = db.prepare(`SELECT 1 ${where} LIMIT 1`).get() !== undefined;
    if (isThere) db.exec(`DELETE ${where}`);
  }
}

/** Is there such a table? */
export function hasTable(db: Database.Database, name: string): boolean {
  const query = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
  return db.prepare<[string]>(query).get(name) !== undefined;
}

function leftovers(db: Database.Database): readonly string[] {
  return db
    .prepare<[string, string], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND (name LIKE ? OR name LIKE ?)",
    )
    .pluck()
    .all(`%${BUILDING}`, `%${RETIRED}`);
}

/** @throws when the table is there with other columns */
function isCreated(db: Database.Database, table: Table, suffix: string): boolean {
  const name = table.name + suffix;
  const query = `SELECT declaration FROM ${DECLARED} WHERE name = ?`;
  const found = db.prepare<[string], string>(query).pluck().get(name);
  if (found !== undefined && found !== declarationOf(table)) {
    throw new Error(`table ${name} is stored with other columns: give it a new version`);
  }
  return found !== undefined;
}

function declarationOf({ columns, key, indexes }: Table): string {
  return JSON.stringify([columns, key, indexes]);
}

function createTable(db: Database.Database, table: Table, suffix: string): void {
  checkTable(table);
  const name = table.name + suffix;
  if (isCreated(db, table, suffix)) return;
  db.exec(tableSql(table, name));
  for (const [index, columns] of Object.entries(table.indexes)) {
    // Nothing names an index, but names are shared by all tables and outlive a table's renaming.
    const unique = `${name}.${index}.${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
    db.exec(
      `CREATE INDEX ${quoted(unique)} ON ${quoted(name)} (${columns.map(quoted).join(', ')})`,
    );
  }
  db.prepare(`INSERT INTO ${DECLARED} VALUES (?, ?)`).run(name, declarationOf(table));
}

function tableSql(table: Table, name: string): string {
  const isRowid = hasIntegerKey(table);
  const columns = table.columns.map(([column, type]) => {
    const isKey = table.key.includes(column);
    const constraint = isRowid && isKey ? ' PRIMARY KEY' : isKey ? ' NOT NULL' : '';
    return `${quoted(column)} ${SQL_TYPE[type]}${constraint}`;
  });
  // One integer as the key is SQLite's rowid itself: smaller and faster than an index of its own.
  if (isRowid) return `CREATE TABLE ${quoted(name)} (${columns.join(', ')}) STRICT`;
  columns.push(`PRIMARY KEY (${table.key.map(quoted).join(', ')})`);
  return `CREATE TABLE ${quoted(name)} (${columns.join(', ')}) STRICT, WITHOUT ROWID`;
}

function hasIntegerKey(table: Table): boolean {
  const [only, ...more] = table.key;
  return more.length === 0 && typeOf(table, only ?? '') === 'int';
}

function checkTable(table: Table): void {
  if (table.key.length === 0) throw new Error(`${table.name} has no key`);
  for (const columns of [table.key, ...Object.values(table.indexes)]) {
    for (const column of columns) {
      // A sum is stored as a number or as a text, which do not sort together.
      if (typeOf(table, column) === 'sum') throw new Error(`${table.name}: a sum has no order`);
    }
  }
}

function typeOf(table: Table, column: string): ColumnType {
  const found = table.columns.find(([name]) => name === column);
  if (found === undefined) throw new Error(`${table.name} has no column ${column}`);
  return found[1];
}
