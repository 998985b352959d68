import { expect } from 'chai';
import { describe, it } from 'mocha';
import { hasCardNumber, maskCardNumbers, shown } from './mask.js';

describe('card numbers', () => {
  const cards = [
    '4111111111111111',
    '5555 5555 5555 4444',
    '3782-822463-10005',
    'pay 4222222222222 now',
    'order 12 4111 1111 1111 1111, thanks',
    '6011000990139424',
  ];
  for (const text of cards) {
    it(`are found in "${text}"`, () => {
      expect(hasCardNumber(text)).to.equal(true);
      expect(maskCardNumbers(text)).to.match(/\*{8,}/);
    });
  }

  const others = [
    '4111111111111112',
    '1774915200000',
    'order 1001',
    '12345678901234567890123',
    'payment 41111111-1111-4111-8111-111111111111-1',
    'tviva20240605132745Jtkz1',
  ];
  for (const text of others) {
    it(`are not seen in "${text}"`, () => {
      expect(hasCardNumber(text)).to.equal(false);
      expect(maskCardNumbers(text)).to.equal(text);
    });
  }

  it('keep their last four digits, and long texts are cut', () => {
    expect(shown('4111111111111111')).to.equal('************1111');
    expect(shown('x'.repeat(101))).to.have.length(100);
  });
});
