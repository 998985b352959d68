import { Presets, SingleBar } from 'cli-progress';

/** A progress bar on standard error; nothing at all where that is no terminal. */
export type Progress = Readonly<{ update: (done: number) => void; stop: () => void }>;

const SILENT: Progress = { update: () => undefined, stop: () => undefined };

/** Starts a bar for `total` units of work. `unit` names them: "events", "bytes". */
export function startProgress(title: string, total: number, unit: string): Progress {
  if (!process.stderr.isTTY || total <= 0) return SILENT;
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: `${title} [{bar}] {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return {
    update: (done) => bar.update(Math.min(done, total)),
    stop: () => bar.stop(),
  };
}
