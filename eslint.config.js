import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Syntax that no part of the program may use. */
const banned = [
  {
    selector: 'TSAsExpression > TSAsExpression',
    message: 'A double cast hides a wrong type: parse or narrow instead.',
  },
];

/** What would make a pure function depend on anything but its arguments, or lose digits. */
const impure = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Time comes in as an argument.',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Time comes in as an argument.',
  },
  {
    selector: "CallExpression[callee.name='Date']",
    message: 'Time comes in as an argument.',
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'Chance comes in as an argument.',
  },
  {
    selector: "CallExpression[callee.object.name='crypto']",
    message: 'Ids come in as arguments.',
  },
];
const lossy = [
  {
    selector:
      "CallExpression[callee.name='parseFloat'], CallExpression[callee.property.name='parseFloat']",
    message: 'Amounts are bigint: a float loses digits.',
  },
  {
    selector: "CallExpression[callee.name='Number'], NewExpression[callee.name='Number']",
    message: 'Amounts are bigint: a number loses digits above 2^53.',
  },
  {
    selector: "UnaryExpression[operator='+']",
    message: 'Amounts are bigint: a number loses digits above 2^53.',
  },
];

const pureFiles = [
  'shared/ledger/**/*.ts',
  'shared/payments/**/*.ts',
  '*/domain/**/*.ts',
  'projection-service/views/**/*.ts',
];
const testFiles = [
  '**/*.{test,fault,production,child}.ts',
  '{shared,*-service}/testing/**/*.{ts,cts}',
];

export default defineConfig(
  {
    ignores: ['**/node_modules/', 'dist/', 'dist-*/', 'coverage/', 'data/'],
  },
  {
    linterOptions: { noInlineConfig: true, reportUnusedInlineConfigs: 'error' },
  },
  {
    files: ['**/*.{ts,cts}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Rules of the presets that fight the house style.
      // A shape is a readonly type alias, a port (something with methods) an interface.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Numbers, bigints and booleans read well in a text, and say what they say without ceremony.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: false, allowRegExp: false },
      ],
      // A leading underscore says that a callback has an argument it does not need.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // `() => abort()` is how a handler is written, also where the call answers nothing.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],

      // What answers a promise is async also where it has nothing to wait for: what it throws is
      // then a rejection, as its caller expects.
      '@typescript-eslint/require-await': 'off',

      // Beyond the presets.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false },
      ],
      '@typescript-eslint/strict-boolean-expressions': [
        'error',
        { allowString: false, allowNumber: false, allowNullableObject: false },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/max-params': ['error', { max: 5 }],
      'no-restricted-syntax': ['error', ...banned],
      'no-console': 'error',
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      // A flat switch is as simple as its longest branch.
      complexity: ['error', { max: 15, variant: 'modified' }],
      'max-depth': ['error', 4],
    },
  },
  {
    files: pureFiles,
    ignores: testFiles,
    rules: { 'no-restricted-syntax': ['error', ...banned, ...impure, ...lossy] },
  },
  {
    // Calendar fields are small integers: here, and only here, Number() is the right word.
    files: ['shared/ledger/day.ts'],
    rules: { 'no-restricted-syntax': ['error', ...banned, ...impure] },
  },
  {
    // CommonJS written in TypeScript: `import x = require('x')` is its only import of a value.
    files: ['**/*.cts'],
    rules: { '@typescript-eslint/no-require-imports': ['error', { allowAsImport: true }] },
  },
  {
    files: ['scripts/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: testFiles,
    rules: {
      // A suite is one long function, and reads well as one.
      'max-lines-per-function': 'off',
      // chai asserts by property access: `expect(x).to.be.true`.
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
);
