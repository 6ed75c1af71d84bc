// Enforces which modules of src may import which: the layers of the design. Run by `npm run lint`, which names a broken rule and the file.

/** Matches modules of ours, whether each is a file or a folder. */
const module_ = (...names) => `^src/(${names.join('|')})(\\.ts$|/|-)`;

/** The bottom layer, which everything may use. */
const LEAVES = ['words', 'clock', 'util'];

const RUN_TIME_ONLY = { dependencyTypesNot: ['type-only'] };

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      comment: 'src uses what package.json lists as a dependency or a peer, nothing that is there by accident or for development.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'undetermined'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
    {
      name: 'policies-stand-alone',
      comment:
        'A policy knows the call, the options, the errors (and the words and the clock): no other policy, no transport, no telemetry.',
      severity: 'error',
      from: { path: '^src/policies/([a-z]+)' },
      to: { path: '^src/', pathNot: ['^src/policies/$1', module_('call', 'options', 'errors', ...LEAVES)] },
    },
    {
      name: 'leaves',
      comment: 'The words and the clock are at the bottom: anyone may use them, so they use nothing of ours.',
      severity: 'error',
      from: { path: module_(...LEAVES) },
      to: { path: '^src/', pathNot: module_(...LEAVES) },
    },
    {
      name: 'node-built-ins-in-node-files',
      comment: 'Only the Node transport and the Node beacon sender import Node built-ins; everything else runs in browsers as well.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/transport/node/', '^src/beacon/node'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'platform-by-name',
      comment: 'A transport is reached as #platform, so that each build holds its own and no other.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/transport/(node|web)/' },
      to: { path: '^src/transport/(node|web)/', dependencyTypesNot: ['aliased', 'type-only'] },
    },
    {
      name: 'web-stands-alone',
      comment: 'The web transport knows nothing of Node. Node has fetch as well, so its transport may use the web one.',
      severity: 'error',
      from: { path: '^src/transport/web/' },
      to: { path: '^src/transport/node/' },
    },
    {
      name: 'axios-at-the-edges',
      comment:
        'At run time only the client (and its aliases and instance), the errors, the retry seat and the transports use axios; its types are free everywhere.',
      severity: 'error',
      from: { path: '^src/', pathNot: [module_('client', 'aliases', 'instance', 'errors'), '^src/policies/retry', '^src/transport/'] },
      to: { path: '(^|/)node_modules/axios/', ...RUN_TIME_ONLY },
    },
    {
      name: 'axios-retry-in-its-seat',
      comment: 'axios-retry drives the attempts from one place.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/policies/retry' },
      to: { path: '(^|/)node_modules/axios-retry/', ...RUN_TIME_ONLY },
    },
    {
      name: 'nobody-knows-telemetry',
      comment: 'Transports and beacons emit events, whose types they may name; statistics, alerts and exporters only listen.',
      severity: 'error',
      from: { path: '^src/(policies|transport|beacon)/' },
      to: { path: '^src/(telemetry|exporters)/', pathNot: '^src/telemetry/events' },
    },
    {
      name: 'telemetry-events-are-types',
      comment: 'What a transport takes from telemetry/events are types.',
      severity: 'error',
      from: { path: '^src/(policies|transport|beacon)/' },
      to: { path: '^src/telemetry/events', ...RUN_TIME_ONLY },
    },
    {
      name: 'telemetry-knows-events',
      comment:
        'Telemetry and exporters are fed by events: at run time they use the words, errors and endpoints told in them, nothing that acts.',
      severity: 'error',
      from: { path: '^src/(telemetry|exporters)/' },
      to: { path: '^src/', pathNot: ['^src/(telemetry|exporters)/', module_('errors', 'endpoint', ...LEAVES)], ...RUN_TIME_ONLY },
    },
    {
      name: 'telemetry-before-exporters',
      comment: 'Exporters are optional subpaths: nothing in the package itself depends on one.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/exporters/' },
      to: { path: '^src/exporters/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
