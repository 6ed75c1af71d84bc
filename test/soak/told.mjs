// Checks the events of each call: one `call`, one event per attempt, and nothing after the `call` but the end of a stream and, since the
// fallback is the outermost policy, one `fallback`. Of a call that is over, only the id is kept, until everything is at rest.

/** @import { AttemptRecord, CallRecord, Client } from 'breakwater' */

/** @typedef {{ attempts: Set<number>, told?: CallRecord, mayStream: boolean, isSettled: boolean }} Story */
/** @typedef {(what: string, example: string) => void} Violated */

export class Told {
  /** Calls that are in flight or have a stream. @type {Map<string, Story>} */
  #stories = new Map();
  /** @type {Set<string>} */
  #over = new Set();
  #violated;
  /** Attempts begun, according to the calls' records. */
  attempts = 0;
  /** Attempts reported after their call, which are those of streams. */
  streams = 0;
  /** The latest attempt to be reported after its call. */
  #endedStream = '';

  /** @param {Violated} violated */
  constructor(violated) {
    this.#violated = violated;
  }

  /** @param {Client} client */
  watch(client) {
    client.on('attempt', (record) => this.attempt(record));
    client.on('call', (record) => this.call(record));
    client.on('timeout', ({ id, attempt }) => this.also(id, 'timeout', attempt));
    client.on('retry', ({ id }) => this.also(id, 'retry'));
    client.on('limited', ({ id }) => this.also(id, 'limited'));
    client.on('fallback', ({ id }) => this.also(id, 'fallback'));
  }

  /** @param {string} id */
  #story(id) {
    const known = this.#stories.get(id);
    if (known || this.#over.has(id)) return known;
    /** @type {Story} */
    const story = { attempts: new Set(), mayStream: false, isSettled: false };
    this.#stories.set(id, story);
    return story;
  }

  /** Records an `attempt` event. @param {AttemptRecord} record */
  attempt({ id, attempt, endpoint }) {
    const story = this.#story(id);
    const after = story?.told && !(story.mayStream && attempt === story.told.attempts);
    if (!story || after) return this.#violated('an attempt told of after its call', `${endpoint}: ${attempt}`);
    if (attempt < 1 || story.attempts.has(attempt)) return this.#violated('an attempt told of more than once', `${endpoint}: ${attempt}`);
    story.attempts.add(attempt);
    if (story.told) {
      this.streams++;
      this.#endedStream = `${id} ${attempt}`;
    }
    this.#forget(id, story);
  }

  /** Records a `call` event. @param {CallRecord} record */
  call(record) {
    const { id, attempts, endpoint } = record;
    const story = this.#story(id);
    if (!story || story.told) return this.#violated('told of more than once', endpoint);
    this.attempts += attempts;
    story.told = record;
    for (const attempt of story.attempts)
      if (attempt > attempts) this.#violated('an attempt that was not begun', `${endpoint}: ${attempt}`);
    // Only the last attempt may still have a body to come.
    for (let attempt = 1; attempt < attempts; attempt++)
      if (!story.attempts.has(attempt))
        this.#violated('an attempt not told of when its call was', `${endpoint}: ${attempt} of ${attempts}`);
    story.mayStream = attempts > 0 && !story.attempts.has(attempts);
  }

  /** Records any other event. @param {string} id @param {'timeout' | 'retry' | 'limited' | 'fallback'} what @param {number} [attempt] */
  also(id, what, attempt) {
    const story = this.#story(id);
    if (story && !story.told) return;
    if (story?.told && !story.isSettled && what === 'fallback') return;
    // A stream that fell silent, or did not end: reported right after its attempt.
    if (what === 'timeout' && this.#endedStream === `${id} ${attempt}`) this.#endedStream = '';
    else this.#violated('told of after it was over', `${what} of ${id}`);
  }

  /** Records that a call's promise is settled. @param {string} id @param {boolean} isStream Whether its response was handed out as one. */
  settled(id, isStream) {
    const story = this.#stories.get(id);
    if (!story) return;
    story.isSettled = true;
    if (story.mayStream && !isStream)
      this.#violated('an attempt that goes on after its call', `${story.told?.endpoint}: ${story.told?.attempts}`);
    this.#forget(id, story);
  }

  /** @param {string} id @param {Story} story */
  #forget(id, { told, attempts, isSettled }) {
    if (!told || !isSettled || attempts.size < told.attempts) return;
    this.#stories.delete(id);
    this.#over.add(id);
  }

  /** To be called once nothing is in progress. */
  audit() {
    for (const [id, { told, attempts }] of this.#stories) {
      if (!told) this.#violated('a call told of in part', `${id}: ${[...attempts]}`);
      else if (attempts.size < told.attempts)
        this.#violated('an attempt never told of', `${told.endpoint}: ${attempts.size} of ${told.attempts}`);
    }
    this.#stories.clear();
    this.#over = new Set();
  }
}
