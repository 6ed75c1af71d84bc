/** Whether axios does with a config what direct.ts does: each is given a few sample requests, and must treat them in exactly the same way. */
import axios, { type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { type Run, runDirect } from './direct';

let answer: { isAsWritten: boolean } | undefined;

/** Whether axios does what direct.ts does; false until the answer is known. */
export function isAsWritten(axiosRun: Run): boolean {
  if (!answer) {
    const asked = { isAsWritten: false };
    answer = asked;
    Promise.all([story(axiosRun), story(runDirect)])
      .then(([theirs, ours]) => {
        asked.isAsWritten = theirs === ours;
      })
      .catch(() => {});
  }
  return answer.isAsWritten;
}

/** What the transforms, the adapter and the caller see of four requests: with and without a body, answered and refused. */
async function story(run: Run): Promise<string> {
  const log: unknown[] = [];
  const shown = (config: object): unknown => [Object.getOwnPropertyNames(config), Object.getPrototypeOf(config), config];
  const transform = (name: string) =>
    function (this: object, data: unknown, headers: object, status: unknown): string {
      log.push([name, shown(this), data, { ...headers }, status]);
      return `${data} ${name}`;
    };
  for (const method of ['get', 'post'])
    for (const status of [200, 500]) {
      const config = Object.assign(Object.create(null), {
        method,
        url: '/',
        ...(method === 'post' && { data: 'sent' }),
        headers: new axios.AxiosHeaders({ accept: '*/*' }),
        transformRequest: [transform('first'), transform('second')],
        transformResponse: [transform('third')],
        adapter: async (given: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
          log.push(['adapter', given === config, shown(given), { ...given.headers }]);
          const response = {
            data: 'received',
            status,
            statusText: '',
            headers: { 'x-it': 'is' },
            config: {} as InternalAxiosRequestConfig,
          };
          if (status === 500) throw { response };
          return response;
        },
      });
      const response = await run(config).catch((error) => error.response);
      const { duration, ...others } = response;
      log.push([Number.isInteger(duration), others, response.headers instanceof axios.AxiosHeaders, shown(config)]);
    }
  return JSON.stringify(log);
}
