// The order of the files. Of those on real sockets some mostly wait and some mostly compute: taken by turns, neither leaves the cores idle for long,
// nor crowds them. Both are longest first, as Vitest has them.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What compares with axios, or asks the same of many inputs, and so mostly computes. */
const COMPUTES = /\/node\/(bad-options|compat|hostile|parity|redaction|redirect-parity|trace)[^/]*$/;

export class ByTurns extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const places = new Map<TestSpecification, number>();
    for (const computes of [true, false]) {
      const some = sorted.filter((file) => file.project.name === 'node' && COMPUTES.test(file.moduleId) === computes);
      for (const [i, file] of some.entries()) places.set(file, (i + 1) / some.length);
    }
    // What has no place here is before them, as it was: so `process`, which is in the group of `node`, does not end in its one long file.
    return sorted.sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
  }
}
