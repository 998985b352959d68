import Mocha = require('mocha');

/**
 * Dots while the tests run, every failure in full, and then the count in a form that is easy to
 * find and to add up: the last line but one is `N passed, N failed`, alone.
 *
 * CommonJS, because mocha loads a reporter with `require`.
 */
class CountingReporter extends Mocha.reporters.Dot {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    // Registered after the one of Dot, which prints the failures.
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, duration } = this.stats;
      process.stdout.write(`${passes} passed, ${failures} failed\n`);
      process.stdout.write(`in ${((duration ?? 0) / 1000).toFixed(1)} s\n`);
    });
  }
}

export = CountingReporter;
