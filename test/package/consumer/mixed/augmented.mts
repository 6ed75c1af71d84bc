// An application that has added options of its own to axios' config, one of them under a name of ours.
import { createClient } from 'breakwater';

declare module 'axios' {
  interface AxiosRequestConfig {
    retry?: boolean;
    skipAuth?: boolean;
  }
}

await createClient({ retry: 1, skipAuth: true }).get('/', { retry: { retries: 3 }, skipAuth: false });

// @ts-expect-error: which is refused, since the name is ours
createClient({ retry: true });
