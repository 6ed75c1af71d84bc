/** How a page announces its end: by two events, since each is missing somewhere; never `unload`, which disables the back/forward cache. */
import { quietly } from '../util/quietly';
import type { Ending, Endings } from './sender';

/** False for the stub of a document that a test runner or server renderer may provide: it has no events. */
const isPage = (): boolean =>
  [globalThis.document, globalThis.window].every(
    (target) => typeof (target as Partial<EventTarget> | undefined)?.addEventListener === 'function',
  );

export class Page {
  /** Set only during the turn of an event that may be the last: a page that is merely hidden has further turns as usual. */
  ending: Ending | undefined;

  watch(endings: Endings): () => void {
    if (!isPage()) return () => {};
    const ends = (ending: Ending): void => {
      // A page that leaves is hidden as well; that event comes second and says less.
      this.ending = this.ending === 'leaving' ? 'leaving' : ending;
      quietly(0, back);
      endings.handOver(this.ending);
    };
    const back = (): void => {
      this.ending = undefined;
    };
    const hidden = (): void => {
      if (document.visibilityState === 'hidden') ends('hidden');
    };
    const gone = (): void => ends('leaving');
    document.addEventListener('visibilitychange', hidden, true);
    window.addEventListener('pagehide', gone, true);
    window.addEventListener('pageshow', back, true);
    // The first beacon may be sent in such a turn, by another listener for the same event.
    if (window.event?.type === 'pagehide') gone();
    else hidden();
    return () => {
      document.removeEventListener('visibilitychange', hidden, true);
      window.removeEventListener('pagehide', gone, true);
      window.removeEventListener('pageshow', back, true);
    };
  }
}
