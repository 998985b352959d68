import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ConfigRefused } from '../shared/setting.js';
import { readInquirySchedule } from './inquiry-schedule.js';

describe('the configured schedule of inquiries', () => {
  const read = (text: string) => readInquirySchedule({ SAGAE_INQUIRY_SCHEDULE_MS: text });

  it('is a rising list of milliseconds', () => {
    expect(read('0, 500,2000')).to.deep.equal([0, 500, 2000]);
  });

  it('may be absent', () => {
    expect(readInquirySchedule({})).to.equal(undefined);
    expect(read('')).to.equal(undefined);
  });

  for (const text of ['5s', '500,400', '500,500', '1.5', '-1', '1,,2', '9999999999']) {
    it(`is refused as ${text}, naming the setting`, () => {
      expect(() => read(text)).to.throw(ConfigRefused, 'SAGAE_INQUIRY_SCHEDULE_MS');
    });
  }
});
