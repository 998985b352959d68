/** One thing that is wrong: where, and what. */
export type Failure = Readonly<{ where: string; what: string }>;

/** What an exception says. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
