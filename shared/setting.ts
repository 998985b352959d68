/** Environment variables. An empty one counts as absent. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting is wrong, so the program does not start. `variable` names the setting. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused';
  constructor(
    readonly variable: string,
    reason: string,
  ) {
    super(`${variable}: ${reason}`);
  }
}
