/** The program was asked for something it cannot be asked for: exit 2. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

/** A check failed, or the work could not be done: exit 1. */
export class Failed extends Error {
  override readonly name = 'Failed';
}
