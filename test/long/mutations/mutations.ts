/** A bug that somebody could make, and that must not go unnoticed. */
export interface Mutation {
  readonly name: string;
  /** In which files what is replaced by what; it must be there exactly once. */
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  /** What the torture finds, as a part of its violations; nothing if a test is to find it. */
  readonly found: RegExp;
}

export const mutations: readonly Mutation[] = [
  {
    name: 'the file is not compared with the path after a grant',
    edits: [
      {
        file: 'src/lock/try-lock.ts',
        from: 'if (isStillAt(',
        to: 'if (true || isStillAt(',
      },
      {
        file: 'src/lock/wait-lock.ts',
        from: 'if (atPath || isFileAt(',
        to: 'if (true || atPath || isFileAt(',
      },
    ],
    found: /^\w+ \w+ another file: /m,
  },
  {
    name: 'a grant that comes after the give-up is not closed',
    edits: [{
      file: 'src/lock/wait-lock.ts',
      from: 'if (giveUp.given !== undefined) return this.#failOpen(giveUp.given.reason);',
      to: `if (giveUp.given !== undefined && errno === 0) {
        this.#fail(giveUp.given.reason);
        return false;
      }
      if (giveUp.given !== undefined) return this.#failOpen(giveUp.given.reason);`,
    }],
    found: /^asleep: |^left: | left: /m,
  },
  {
    name: 'a lock that a child inherited is released by F_UNLCK',
    edits: [{
      file: 'src/lock/lock.ts',
      from: 'this.#description.close();',
      to: `this.#description.trySet('none', this.range);
      this.#description.close();`,
    }],
    found: /^overlap /m,
  },
  {
    name: 'a lock that is busy is taken for granted now and then',
    edits: [{
      file: 'src/lock/try-lock.ts',
      from: 'if (errno !== 0) {',
      to: 'if (errno !== 0 && Math.random() < 0.99) {',
    }],
    found: /^overlap /m,
  },
  {
    name: 'a release does not let in who waits in the same process, now and then',
    edits: [{
      file: 'src/lock/locked-file.ts',
      from: 'this.#exclusive--;\n    this.#line?.advance(lock.range);\n    this.dropIfUnused();',
      to: `this.#exclusive--;
      if (Math.random() < 0.9) this.#line?.advance(lock.range);
      this.dropIfUnused();`,
    }],
    found: /^asleep: /m,
  },
];
