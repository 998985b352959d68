#!/usr/bin/env -S node --enable-source-maps
import { run } from './cli/program.js';

// Whoever reads our output may stop reading, like `head` does: that is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv.slice(2));
