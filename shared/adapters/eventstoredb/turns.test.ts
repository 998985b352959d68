import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Turns } from './turns.js';

/** Works that end when they are told to. */
class Works {
  readonly begun: number[] = [];
  readonly #ends = new Map<number, () => void>();

  work(n: number): () => Promise<number> {
    return () => {
      this.begun.push(n);
      return new Promise((resolve) => {
        this.#ends.set(n, () => {
          resolve(n);
        });
      });
    };
  }

  end(n: number): void {
    this.#ends.get(n)?.();
  }
}

const PATIENT_MS = 60_000;
const refusal = () => new Error('too busy');

describe('turns', () => {
  it('lets so many begin at once, and the others in the order they came', async () => {
    const turns = new Turns(2, PATIENT_MS, refusal);
    const works = new Works();
    const taken = [0, 1, 2, 3].map((n) => turns.take(works.work(n)));
    expect(works.begun).to.deep.equal([0, 1]);
    works.end(1);
    expect(await taken[1]).to.equal(1);
    expect(works.begun).to.deep.equal([0, 1, 2]);
    works.end(2);
    await taken[2];
    expect(works.begun).to.deep.equal([0, 1, 2, 3]);
    works.end(0);
    works.end(3);
    expect(await Promise.all(taken)).to.deep.equal([0, 1, 2, 3]);
  });

  it('gives the turn on when a work fails', async () => {
    const turns = new Turns(1, PATIENT_MS, refusal);
    const failed = turns.take(() => Promise.reject(new Error('broken')));
    const next = turns.take(() => Promise.resolve('done'));
    expect(await failed.catch((error: unknown) => error)).to.be.an('error');
    expect(await next).to.equal('done');
  });

  it('refuses one that waited too long, and does not begin its work', async () => {
    const turns = new Turns(1, 1, refusal);
    const works = new Works();
    const first = turns.take(works.work(0));
    const refused = await turns.take(works.work(1)).catch((error: unknown) => error);
    expect(refused).to.be.an('error').with.property('message', 'too busy');
    works.end(0);
    await first;
    expect(await turns.take(() => Promise.resolve('free again'))).to.equal('free again');
    expect(works.begun).to.deep.equal([0]);
  });
});
