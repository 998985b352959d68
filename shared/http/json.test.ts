import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parseJson } from './json.js';
import { HttpRefusal } from './refusal.js';

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

describe('JSON from outside', () => {
  it('is read as JSON.parse reads it', () => {
    const key = fc.string().filter((name) => !FORBIDDEN.has(name));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.string(),
        fc.integer(),
        fc.constantFrom(true, false, null),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.nat(2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseJson(text).value).to.deep.equal(JSON.parse(text));
        expect(parseJson(text).fractions).to.have.length(0);
      }),
    );
  });

  it('tells where numbers have a point or an exponent', () => {
    const text = '{"a":[1,{"b":1.0}],"c":"1.5","d":1e3,"e":[true,false,-2E+1]}';
    expect(parseJson(text).fractions).to.deep.equal([['a', 1, 'b'], ['d'], ['e', 2]]);
  });

  it('may have the same key in different objects, but not twice in one', () => {
    expect(parseJson('{"a":{"a":1},"b":[{"a":1},{"a":2}]}').fractions).to.have.length(0);
    expect(() => parseJson('{"a":1,"b":{},"a":2}')).to.throw(HttpRefusal, 'a: is given twice');
    expect(() => parseJson('{"a":1,"\\u0061":2}')).to.throw(HttpRefusal, 'a: is given twice');
  });

  it('takes colons and braces in texts for what they are', () => {
    expect(parseJson('{"a:{":"}[\\\\\\":,","b":"\\\\"}').value).to.deep.equal({
      'a:{': '}[\\":,',
      b: '\\',
    });
  });
});
