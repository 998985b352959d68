import { Collection, FindCursor, type Db } from 'mongodb';

/** What happens at a call of the driver; `go` makes it. */
export type Step = <T>(isWrite: boolean, go: () => Promise<T>) => Promise<T>;

const READS = new Set<PropertyKey>(['findOne', 'countDocuments', 'toArray']);
const WRITES = new Set<PropertyKey>([
  'insertMany',
  'bulkWrite',
  'updateOne',
  'deleteMany',
  'findOneAndUpdate',
  'createIndexes',
  'drop',
]);

/** The same database; each call that goes to the server is a step. */
export function stepped<T extends Db | Collection | FindCursor>(target: T, step: Step): T {
  return new Proxy(target, {
    get: (_target, name): unknown => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]): unknown => {
        const call = (): unknown => Reflect.apply(member, target, args);
        const isWrite = WRITES.has(name);
        if (isWrite || READS.has(name)) return step(isWrite, () => Promise.resolve(call()));
        const made = call();
        const isPart = made instanceof Collection || made instanceof FindCursor;
        return isPart ? stepped(made, step) : made;
      };
    },
  });
}
