import next from 'eslint-config-next/core-web-vitals';
import tseslint from 'typescript-eslint';

/** Where a room may not reach: arrows go app → faces → rooms → env/db/log. */
const forbid = (message, ...group) => ({ group, message });
const PRISMA = forbid('Rows are reached through lib/db.ts.', '@prisma/*', '**/generated/prisma/client');
const FRAMEWORK = forbid('Rooms know nothing of the framework.', 'next', 'next/*', 'react', 'react-dom');
const UPWARD = forbid('Arrows go one way: app → faces → rooms.', '@/app/*', '**/app/**', '@/scripts/*', '**/scripts/**', '@/tests/*');

const restrict = (files, ...patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

export default tseslint.config(
  { ignores: ['.next/', '.data/', 'node_modules/', 'lib/generated/', 'next-env.d.ts', 'coverage/'] },
  ...next,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Numbers in messages are wanted; objects and undefined are not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: 'The environment is read in lib/env.ts only.' }],
    },
  },
  {
    // The environment's own module, the framework's start hook, and what starts processes of its own.
    files: ['lib/env.ts', 'instrumentation.ts', 'prisma.config.ts', 'scripts/**', 'tests/**', '*.config.*'],
    rules: { 'no-restricted-properties': 'off' },
  },
  restrict(['lib/**/*.ts'], PRISMA, FRAMEWORK, UPWARD),
  restrict(['app/**/*.{ts,tsx}'], PRISMA),
  restrict(['lib/db.ts'], FRAMEWORK, UPWARD),
  restrict(['lib/providers/**/*.ts'], PRISMA, FRAMEWORK, UPWARD, forbid('A provider knows nothing of Postgres.', '**/db', '**/refresh/**', '**/cron/**')),
  restrict(['lib/refresh/**/*.ts'], PRISMA, FRAMEWORK, UPWARD, forbid('Refreshing knows nothing of cron routes.', '**/cron/**')),
  restrict(['scripts/simulator/**/*.ts'], PRISMA, FRAMEWORK, forbid('The simulator must not share a mistake with the app.', '@/lib/*', '**/lib/**')),
);
