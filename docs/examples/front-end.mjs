// A part of a front end, for any bundler: a search box whose suggestions are quick or absent. Plain DOM; in React, run it in an effect.
import { createClient } from 'breakwater';

const api = createClient({
  baseURL: 'https://api.example.com',
  timeout: { connect: 700, read: 800 }, // any later, and the user has typed on
  deadline: 2_000,
  retry: false, // the next key is the retry
  fallback: { value: [] }, // no suggestions are better than an error message
});

/** Returns a function that detaches it, as an effect's clean-up does. */
export function suggest(input, list) {
  let latest = new AbortController();

  async function ask() {
    latest.abort(); // nobody cares about earlier text any more
    latest = new AbortController();
    const { signal } = latest;
    try {
      const { data, fallback } = await api.get('/suggest', { params: { q: input.value }, signal });
      list.replaceChildren(...data.map((value) => Object.assign(document.createElement('option'), { value })));
      if (fallback) api.beacon('/events', { missed: 'suggestions' });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  input.addEventListener('input', ask);
  return () => {
    latest.abort();
    input.removeEventListener('input', ask);
  };
}
