import { Command, CommanderError } from 'commander';
import { ConfigRefused } from '../../shared/setting.js';
import { addAudit } from './audit.js';
import { addBench } from './bench.js';
import { addCopyLog } from './copy-log.js';
import { addExport } from './export.js';
import { WrongUse } from './faults.js';
import { addImport } from './import.js';
import { note } from './output.js';
import { addRelay } from './relay.js';
import { addSimulator } from './simulator.js';
import { addStart } from './start.js';
import { addParked, addViews } from './views.js';

const HELP = `
The data folder is SAGAE_DATA (default ./data); with SAGAE_STORE=eventstoredb log and views are on the
servers of ESDB_URL and MONGODB_URL. Data goes to standard output, progress and notes to standard
error. Exit status: 0 done, 1 a check failed, 2 wrong use.`;

/** All commands of the command line. */
function program(): Command {
  const sagae = new Command('sagae')
    .description('An event-sourced, double-entry ledger engine.')
    .addHelpText('after', HELP)
    .showHelpAfterError('(sagae --help tells what there is)')
    .exitOverride()
    .allowExcessArguments(false);
  addStart(sagae);
  addSimulator(sagae);
  const others = [
    addImport,
    addAudit,
    addExport,
    addCopyLog,
    addViews,
    addParked,
    addRelay,
    addBench,
  ];
  for (const add of others) add(sagae);
  return sagae;
}

/**
 * Runs the command line.
 * @param args what stands after the program's name
 * @returns the exit status: 0 done, 1 a check failed or the work could not be done, 2 wrong use
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    note(`sagae: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof WrongUse || error instanceof ConfigRefused) return 2;
    return 1;
  }
}
