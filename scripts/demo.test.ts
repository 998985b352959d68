import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ServerProcess } from './bench/server-process.js';
import { sagae } from './cli/run-child.js';

describe('with a running server', function () {
  this.timeout(60_000);
  let data: string;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'sagae-test-'));
  });
  afterEach(() => {
    rmSync(data, { recursive: true });
  });

  it('entries are imported through it, and beside it, and are the same entries', async () => {
    const file = join(data, 'entries.csv');
    const header = 'id,effective_date,description,debit_account,credit_account,amount,currency\n';
    const rows = Array.from({ length: 2500 }, (_, index) => {
      return `s${index},2024-01-05,row ${index},1010,2010:${index % 7},0.01,USD\n`;
    });
    writeFileSync(file, `${header}${rows.join('')}bad,2024-01-05,row,1010,none,1,USD\n`);
    const server = await ServerProcess.start({ data });
    try {
      const through = await sagae(data, 'import', 'entries', file, '--url', server.url);
      expect(through).to.include({ code: 1 });
      expect(through.stdout)
        .to.contain('line 2502: bad: ACCOUNT_UNKNOWN')
        .and.to.contain('2501 rows: 2500 accepted, 0 there before, 1 refused');
      const beside = await sagae(data, 'import', 'entries', file);
      expect(beside.stdout).to.contain('0 accepted, 2500 there before, 1 refused');
      const verified = await sagae(data, 'audit', 'verify');
      expect(verified, verified.stdout).to.include({ code: 0 });
    } finally {
      await server.stop();
    }
    const gone = await sagae(data, 'import', 'entries', join(data, 'none'), '--url', server.url);
    expect(gone).to.include({ code: 2 });
  });

  it('the demonstration shows the books, what was known before, and the day of a shop', async () => {
    const program = fileURLToPath(new URL('demo.js', import.meta.url));
    const child = spawn(process.execPath, [program, '--payments', '150'], {
      // Everything it makes is made in here.
      env: { PATH: process.env['PATH'], TMPDIR: data },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    expect(child.exitCode, stderr).to.equal(0);
    expect(stdout).to.contain('14125 real transactions');
    expect(stdout).to.match(/Total +107,999,279\.50 +107,999,279\.50\n/);
    expect(stdout).to.match(/2610 +Customer deposits \(858 accounts\) .* 25,676,123\.50\n/);
    const closings = [...stdout.matchAll(/closing balance +([\d,.]+)/g)].map(([, sum]) => sum);
    expect(closings).to.deep.equal(['39,902.90', '51,512.90', '39,902.90']);
    // Five checks of the shop's books against the log and the gateway's own, and none that fails.
    expect(stdout.match(/^yes {2}.*$/gm)).to.have.length(5);
    expect(stdout).to.not.match(/^ NO /m);
    expect(stdout).to.match(/^ +end +0 +0$/m);
    expect(stdout).to.match(/OutcomeUnknown .* in doubt: 12,000\n/);
    expect(stdout).to.match(/RefundSucceeded +inquiry +PARTIALLY_REFUNDED /);
    expect(readdirSync(data)).to.deep.equal([]);
  });
});
