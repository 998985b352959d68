import { pino, type Logger } from 'pino';

/** Writes log lines of one service. */
export type Log = Logger;

/**
 * A log that writes JSON lines to standard error. Lines are gathered and written together, at the
 * latest after a second, because a write per request would cost more than the request's own work.
 * Call `flushLog` before the program leaves.
 */
export function openLog(service: string, level: string): Log {
  const destination = pino.destination({
    fd: 2,
    sync: false,
    minLength: 8_192,
    maxLength: 16_777_216,
    periodicFlush: 1_000,
  });
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** Writes out what has been gathered. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => {
    log.flush(() => {
      resolve();
    });
  });
}
