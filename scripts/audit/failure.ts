/** One thing that is wrong: where, and what. */
export type Failure = Readonly<{ where: string; what: string }>;
