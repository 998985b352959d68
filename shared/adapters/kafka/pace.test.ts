import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Pace } from './pace.js';

describe('the pace of publishing', () => {
  it('gets slower with every answer that does not come, to a limit', () => {
    const pace = new Pace(4_000);
    const bytes = pace.roundBytes;
    pace.noAnswer();
    expect([pace.answerMs, pace.roundBytes]).to.deep.equal([8_000, bytes / 4]);
    for (let i = 0; i < 9; i++) pace.noAnswer();
    expect([pace.answerMs, pace.roundBytes]).to.deep.equal([32_000, bytes / 64]);
  });

  it('gets faster again when all goes well for long enough', () => {
    const pace = new Pace(4_000);
    pace.noAnswer();
    for (let i = 0; i < 49; i++) pace.succeeded();
    expect(pace.answerMs).to.equal(8_000);
    pace.succeeded();
    expect(pace.answerMs).to.equal(4_000);
    for (let i = 0; i < 99; i++) pace.succeeded();
    expect(pace.answerMs).to.equal(4_000);
  });
});
