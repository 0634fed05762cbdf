import fc from 'fast-check';
import { type Description, HELP, type Option, spellings } from '../../../src/cli/description.ts';
import { all } from '../../../src/cli/descriptions/all.ts';

/** Whatever may lead somewhere in the sandbox, or nowhere; all of it stays there. */
const PATHS = [
  '.',
  './a-file',
  'a-file',
  'a-link',
  'a-dangling-link',
  'a-fifo',
  'an-empty-directory',
  'missing',
  'missing/.ref',
  'runtime',
  'runtime/.ref',
  'copies',
  'copies/.ref',
  'copies/tmp-1',
  'copies/deploy-1',
  '/nowhere/.ref',
  'line\nbreak',
  '\x1b[2J',
  '\u009b2J\x7f\u202e\u2028',
  '\u{1F980}',
  '-x',
  `${'long/'.repeat(1000)}.ref`,
  'n'.repeat(300),
];
const VALUES = [
  '',
  '0',
  '1',
  '-1',
  '3',
  '7',
  '99',
  '0.01',
  '1e9',
  '1e-400',
  'NaN',
  'x',
  ' ',
  '--',
  '-',
];
const COMMANDS = [
  ['sh', '-c', 'exit 3'],
  ...['true', 'false', 'missing', 'an-empty-directory', '--', ''].map((word) => [word]),
];

/** The words of one option, right or wrong. */
function optionWords({ options }: Description): fc.Arbitrary<string[]> {
  const others = all.flatMap((description) => description.options);
  const option: fc.Arbitrary<Option> = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...options, HELP) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
  const value = fc.oneof(fc.constantFrom(...VALUES), fc.constantFrom(...PATHS));
  const right = fc.tuple(option, value, fc.boolean(), fc.nat()).map(
    ([one, value, inline, which]) => {
      const words = spellings(one);
      const word = words[which % words.length]!;
      if (one.value === undefined) return [word];
      return inline ? [`${word}=${value}`] : [word, value];
    },
  );
  const wrong = fc.tuple(option, fc.nat(), value).chain(([one, at, value]) => {
    const word = spellings(one)[0]!;
    const place = at % word.length;
    return fc.constantFrom<string[]>(
      [word.slice(0, place) + word.slice(place + 1)],
      [`${word}=${value}`],
      [word],
      [`-${word[2]}`],
    );
  });
  return fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

/** Everything that a storm or a benchmark could take long for is made short by what comes last. */
const SHORT: Record<string, readonly string[]> = {
  bench: ['--show=nothing'],
  storm: ['--seconds=0.01', '--runtimes=1', '--processes=1', '--launchers=1'],
};

/** How often each is tried: those with many options more often, and slow ones less. */
const WEIGHTS: Record<string, number> = { run: 12, copy: 4, use: 3, storm: 1, doctor: 1, bench: 1 };

/** The arguments after `reflock`, of one subcommand. */
function line(description: Description): fc.Arbitrary<string[]> {
  const { name } = description;
  const options = fc.array(optionWords(description), { maxLength: 5 }).map((all) => all.flat());
  const operands = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...PATHS).map((path) => [path]) },
      { weight: 1, arbitrary: fc.constantFrom(...VALUES).map((value) => [value]) },
      { weight: 2, arbitrary: fc.constantFrom(...COMMANDS) },
    ),
    { maxLength: 4 },
  ).map((all) => all.flat());
  return fc.tuple(options, operands).map(([options, operands]) => [
    name,
    ...options,
    ...SHORT[name] ?? [],
    ...operands,
  ]);
}

/** Without a subcommand that there is. */
const noSubcommand = fc.array(
  fc.constantFrom(...VALUES, ...PATHS, '--help', '--version', 'rnu', '-h'),
  {
    maxLength: 3,
  },
);

/** Lists of arguments for the command line. */
export const argumentLists: fc.Arbitrary<string[]> = fc.oneof(
  ...all.map((description) => ({
    weight: WEIGHTS[description.name] ?? 2,
    arbitrary: line(description),
  })),
  { weight: 1, arbitrary: noSubcommand },
);
