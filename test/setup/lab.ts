// Starts the fault lab for the browser tests, which cannot start servers themselves, and hands them its URLs: inject('lab').
import type { TestProject } from 'vitest/node';
import { FAULTS, startLab } from '../lab/index.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of every fault a browser can reach, by the fault's name. */
    lab: Record<string, string>;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const names = FAULTS.filter((fault) => fault.browser).map((fault) => fault.name);
  const lab = await startLab({ only: names });
  project.provide('lab', Object.fromEntries(names.map((name) => [name, lab.url(name)])));
  return () => lab.close();
}
