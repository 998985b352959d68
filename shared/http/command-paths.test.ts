import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { CommandPaths } from './command-paths.js';
import { nothing } from './fields.js';
import { command, query, type Route } from './route.js';

const described = { tag: 'Things', summary: 'Things', success: {}, refusals: [] };

function post(path: string): Route {
  const parts = { params: z.unknown(), body: nothing, data: z.unknown(), limit: 100 };
  const spec = { ...described, ...parts, path, method: 'POST' } as const;
  return command(spec, () => Promise.reject(new Error('not called')));
}

function get(path: string): Route {
  const spec = { ...described, params: z.unknown(), query: nothing, path, method: 'GET' } as const;
  return query(spec, () => Promise.reject(new Error('not called')));
}

const paths = new CommandPaths([
  post('/things'),
  post('/things/{id}/parts'),
  post('/things/{id}/parts/{part}/undo'),
  get('/things/{id}/story'),
]);

function found(target: string): readonly unknown[] | undefined {
  const one = paths.find(target);
  return one === undefined ? undefined : [one.route.spec.path, one.params];
}

describe('paths of commands', () => {
  it('are found with their parameters', () => {
    expect(found('/things')).to.deep.equal(['/things', {}]);
    expect(found('/things/a:b.c_d~1@x-y/parts')).to.deep.equal([
      '/things/{id}/parts',
      { id: 'a:b.c_d~1@x-y' },
    ]);
    expect(found('/things/1/parts/2/undo')).to.deep.equal([
      '/things/{id}/parts/{part}/undo',
      { id: '1', part: '2' },
    ]);
  });

  it('are not found where something has to be decoded, read or refused first', () => {
    const others = [
      '/things?a=1',
      '/things/1/parts?a=1',
      '/things/%31/parts',
      '/things/1/part%73',
      '/things/a b/parts',
      '/things/a+b/parts',
      '/things/a;b/parts',
      '/things//parts',
      '/things/1/parts/',
      '/Things/1/parts',
      '/things/1/parts#x',
      'http://things/1/parts',
      '',
    ];
    expect(others.filter((target) => found(target) !== undefined)).to.deep.equal([]);
  });

  it('are none of those that are read', () => {
    expect(found('/things/1/story')).to.equal(undefined);
  });
});
