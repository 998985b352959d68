/**
 * Who may import whom (docs/decisions has the why). A rule either forbids what it names, or, with
 * `pathNot`, forbids everything that is not on its list.
 */

/** Tests, fault tests, tests on true servers, and the processes that tests start. */
const TEST = '\\.(test|fault|production|child)\\.ts$';
const SERVICES = ['command-service', 'projection-service', 'query-service'];
/** What tests everywhere may use beside the code they test. */
const TEST_TOOLS = [
  '^(shared|command-service)/testing/',
  '^node_modules/(@types/)?(chai|mocha|fast-check)/',
];

/** Forbids imports from `path` that are not on the list; its tests may use the test tools too. */
function only(name, comment, path, allowed) {
  const rule = (suffix, from, pathNot) => ({
    name: `${name}${suffix}`,
    comment,
    severity: 'error',
    from,
    to: { pathNot },
  });
  return [
    rule('', { path, pathNot: TEST }, allowed),
    rule('-in-tests', { path: `${path}.*${TEST}` }, [
      ...allowed,
      ...TEST_TOOLS,
      '^(node:)?(assert|fs|path|url)$',
    ]),
  ];
}

/** A vendor's package may be named only in these folders. */
function vendor(packages, folders) {
  return {
    name: `vendor-${packages[0]}`,
    comment: 'One vendor package is named in one place, so that it can be exchanged there.',
    severity: 'error',
    from: { pathNot: folders },
    to: { path: packages.map((name) => `^node_modules/(@types/)?${name}/`) },
  };
}

module.exports = {
  forbidden: [
    ...SERVICES.map((service) => ({
      name: `${service}-imports-no-service`,
      comment: 'Services meet in the log and over HTTP, never in code.',
      severity: 'error',
      from: { path: `^${service}/` },
      to: { path: SERVICES.filter((other) => other !== service).map((other) => `^${other}/`) },
    })),
    {
      name: 'shared-imports-no-service',
      comment: 'What is shared knows nobody who shares it.',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: [...SERVICES.map((service) => `^${service}/`), '^scripts/'] },
    },
    {
      name: 'nobody-imports-scripts',
      severity: 'error',
      comment: 'Scripts put the parts together; no part knows how.',
      from: { pathNot: '^scripts/' },
      to: { path: '^scripts/' },
    },
    ...only('ledger-is-pure', 'The kernel imports nothing but itself.', '^shared/ledger/', [
      '^shared/ledger/',
    ]),
    ...only(
      'ports-import-nothing',
      'A port is types: whoever implements it must not drag anything else in.',
      '^shared/ports/',
      ['^shared/ports/'],
    ),
    ...only(
      'events-know-the-kernel',
      'An event must be readable by anybody who has the kernel.',
      '^shared/events/',
      ['^shared/(ledger|events|ports)/', '^node_modules/zod/'],
    ),
    ...only(
      'payments-are-pure',
      'What a payment is follows from its events alone.',
      '^shared/payments/',
      ['^shared/(payments|ledger|events)/'],
    ),
    ...SERVICES.map((service) => `^${service}/domain/`).flatMap((path, index) =>
      only(
        `${SERVICES[index]}-domain-is-pure`,
        'Deciders are pure: time, ids and look-ups come in as arguments.',
        path,
        [path, '^shared/(ledger|events|payments)/'],
      ),
    ),
    {
      name: 'views-are-pure',
      comment: 'A view is a function of events; who stores its rows is no business of it.',
      severity: 'error',
      from: { path: '^projection-service/views/', pathNot: TEST },
      to: {
        pathNot: [
          '^projection-service/views/',
          '^projection-service/view\\.ts$',
          '^shared/(ledger|events|payments|views|ports)/',
        ],
      },
    },
    {
      name: 'queries-know-no-vendor',
      comment: 'A query answers a question; HTTP and storage are around it.',
      severity: 'error',
      from: { path: '^query-service/queries/', pathNot: TEST },
      to: { path: ['^node_modules/', '^shared/(http/|logging|adapters/)', '^query-service/http/'] },
    },
    {
      name: 'application-knows-no-http',
      comment: 'Commands come from HTTP, the importer and the bench alike.',
      severity: 'error',
      from: { path: '^command-service/application/', pathNot: TEST },
      to: {
        path: ['^shared/(http|adapters)/', '^command-service/http/', '^node_modules/express/'],
      },
    },
    {
      name: 'adapters-are-chosen-in-main',
      comment:
        'Only main.ts files, scripts and the two files that open the stores construct adapters; tests may.',
      severity: 'error',
      from: {
        path: '^(shared|command-service|projection-service|query-service)/',
        pathNot: ['^shared/(adapters|stores|testing)/', '^[a-z]+-service/main\\.ts$', TEST],
      },
      to: { path: '^shared/adapters/' },
    },
    {
      name: 'stores-are-opened-in-main',
      comment: 'Whoever is not the place where parts are put together is given its stores.',
      severity: 'error',
      from: {
        path: '^(shared|command-service|projection-service|query-service)/',
        pathNot: ['^shared/stores/', '^[a-z]+-service/main\\.ts$', TEST],
      },
      to: { path: '^shared/stores/' },
    },
    {
      name: 'one-vendor-one-adapter',
      comment: 'An adapter knows its own vendor, not the one next door.',
      severity: 'error',
      from: { path: '^shared/adapters/([^/]+)/', pathNot: TEST },
      to: { path: '^shared/adapters/', pathNot: '^shared/adapters/$1/' },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      comment: 'What only tests need must not end up in a service.',
      from: { pathNot: [TEST, '^(shared|[a-z]+-service)/testing/', '^scripts/'] },
      to: { path: '^shared/testing/' },
    },
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      comment: 'A test is run, not imported.',
      from: {},
      to: { path: '\\.(test|fault|production)\\.ts$' },
    },
    vendor(['better-sqlite3'], ['^shared/adapters/(sqlite|simulator)/']),
    vendor(['mongodb', 'bson'], ['^shared/adapters/mongodb/', '^scripts/servers/mongo']),
    vendor(['kafkajs'], ['^shared/adapters/kafka/', '^scripts/(servers|consumer)/']),
    vendor(
      ['@eventstore/db-client', '@grpc/grpc-js'],
      ['^shared/(adapters|testing)/eventstoredb/'],
    ),
    vendor(
      ['express', 'helmet', 'prom-client', 'pino'],
      [
        '^[a-z]+-service/http/',
        '^[a-z]+-service/main\\.ts$',
        '^shared/(http/|logging|testing/)',
        '^scripts/',
      ],
    ),
    vendor(['commander', 'cli-progress', 'csv-parse'], ['^scripts/']),
    vendor(['chai', 'mocha', 'fast-check'], [TEST, '^(shared|[a-z]+-service)/testing/']),
    {
      name: 'no-cycles',
      comment: 'Of two files that need each other, neither can be read first.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file nobody imports is either an entry or dead.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [TEST, '\\.d\\.ts$', '^scripts/', '^[a-z]+-service/main\\.ts$'],
      },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere, or to a package that is not declared.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-dependencies',
      comment: 'Run-time code uses declared dependencies; the others are for tests and tools.',
      severity: 'error',
      from: { pathNot: [TEST, '^(shared|[a-z]+-service)/testing/'] },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'deprecated'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/@types/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Types count too: an import of a type is knowledge of its file.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.cjs', '.json', '.d.ts'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
  },
};
