/** Makes a new UUID, in lower case. */
export type Ids = () => string;
