import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';
import type { RecordedEvent } from '../ports/event-store.js';
import { decodeEvent, encodeData, encodeMetadata, metadataSchema, schemas } from './codec.js';
import { CURRENT_VERSION } from './upcast.js';

/** Tests run compiled, one folder below the root; stored texts stay where the sources are. */
const FOLDER = new URL('../../../shared/events/golden/', import.meta.url);
const SHAPES = 'shapes.json';

/** A stored event and what it decodes to, its bigints written like `5n`. */
const goldenSchema = z.strictObject({
  type: z.string(),
  data: z.string(),
  metadata: z.string(),
  decoded: z.unknown(),
});

const goldens = readdirSync(FOLDER)
  .filter((name) => name !== SHAPES)
  .map((name) => {
    const [, type = '', version = ''] = /^(\w+)\.v(\d+)(?:\.\w+)?\.json$/.exec(name) ?? [];
    return { name, type, version: Number(version), golden: goldenSchema.parse(read(name)) };
  });

describe('golden events', () => {
  for (const { name, type, version, golden } of goldens) {
    it(`${name} is read as it was written`, () => {
      const { event, metadata } = decodeEvent(recorded(golden));
      expect(golden.type).to.equal(type);
      expect(metadata.schemaVersion).to.equal(version);
      expect(plain({ data: event.data, metadata })).to.deep.equal(golden.decoded);
    });

    if (version === currentVersions().get(type)) {
      it(`${name} is written as it was read, byte for byte`, () => {
        const { event, metadata } = decodeEvent(recorded(golden));
        expect(encodeData(event)).to.equal(golden.data);
        expect(encodeMetadata(metadata)).to.equal(golden.metadata);
      });
    }
  }

  for (const [type, current] of currentVersions()) {
    it(`exist of every version of ${type}`, () => {
      const versions = goldens.filter((each) => each.type === type).map((each) => each.version);
      expect([...new Set(versions)].sort((a, b) => a - b)).to.deep.equal(
        Array.from({ length: current }, (_, index) => index + 1),
      );
    });
  }
});

describe('shapes of events', () => {
  const agreed = z.record(z.string(), z.unknown()).parse(read(SHAPES));
  const present = new Map<string, z.ZodType>([
    ...Object.entries(schemas).map(
      ([type, schema]) => [`${type}@${currentVersions().get(type) ?? 0}`, schema] as const,
    ),
    ['metadata', metadataSchema],
  ]);

  for (const [key, schema] of present) {
    it(`${key} has the shape that was agreed on`, () => {
      const shape = shapeOf(schema);
      expect(
        shape,
        `The shape of ${key} is not the one in golden/${SHAPES}. Events of the old shape are in ` +
          'logs for ever. An optional field with a default: replace the shape there. Anything ' +
          'else: raise CURRENT_VERSION, write an upcaster, add a golden file of the new version ' +
          `and this shape under its new key. The shape now:\n${JSON.stringify(shape)}\n`,
      ).to.deep.equal(agreed[key]);
    });
  }

  it('are kept for every version there ever was', () => {
    const keys = [...currentVersions()].flatMap(([type, current]) =>
      Array.from({ length: current }, (_, index) => `${type}@${index + 1}`),
    );
    expect(Object.keys(agreed).sort()).to.deep.equal([...keys, 'metadata'].sort());
  });
});

function currentVersions(): ReadonlyMap<string, number> {
  return new Map(Object.entries(CURRENT_VERSION));
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
}

function recorded(golden: Pick<RecordedEvent, 'type' | 'data' | 'metadata'>): RecordedEvent {
  const { type, data, metadata } = golden;
  const eventId = '0197a1f0-6f4e-7c31-9a53-000000000000';
  const place = { stream: 'entry-1', revision: 0n, position: 1n, recordedAt: 0 };
  return { eventId, type, data, metadata, ...place };
}

/** The value as JSON has it, with bigints like `5n`. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)),
  );
}

/** What a stored text must look like, as a JSON schema. */
function shapeOf(schema: z.ZodType): unknown {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return plain({ ...shape, $schema: undefined });
}
