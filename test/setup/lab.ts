// Starts the fault lab for the browser tests, which cannot start servers themselves, and provides its URLs by inject('lab').
import type { TestProject } from 'vitest/node';
import { FAULTS, startLab } from '../lab/index.mjs';
import { startControl } from './control';
import { startSite } from './parity-site';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of every fault a browser can reach, by the fault's name. */
    lab: Record<string, string>;
    /** Where a test starts its own upstreams and asks what they saw: see support.ts of the browser tests. */
    control: string;
    /** Two origins that answer as the request specifies, for the parity tests. */
    sites: [string, string];
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const names = FAULTS.filter((fault) => fault.browser).map((fault) => fault.name);
  const [lab, control, ...sites] = await Promise.all([startLab({ only: names }), startControl(), startSite(), startSite()]);
  project.provide('lab', Object.fromEntries(names.map((name) => [name, lab.url(name)])));
  project.provide('control', control.url);
  project.provide('sites', [sites[0].url, sites[1].url]);
  return async () => {
    for (const site of sites) site.close();
    await Promise.all([lab.close(), control.close()]);
  };
}
