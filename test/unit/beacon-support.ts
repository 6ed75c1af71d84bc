// A beacon channel over a sender that answers when it is told to, for the tests on a fake clock.
import { BeaconChannel } from '../../src/beacon/channel';
import { type BeaconEvent, Drops } from '../../src/beacon/drops';
import type { Item } from '../../src/beacon/item';
import type { Endings, Sender, Sent } from '../../src/beacon/sender';
import { type BeaconChannelOptions, beaconSettings } from '../../src/options/beacon';

export const A = 'http://a.test/collect';
export const B = 'http://b.test/collect';

/** What the collector is told, as text. */
export const textOf = ({ body }: Item): string => new TextDecoder().decode(body);

export interface Request {
  item: Item;
  answer(sent: Sent): Promise<void>;
}

/** Lets what awaits go on. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

export function setUp(options: BeaconChannelOptions = {}, extra: Partial<Sender> = {}) {
  const requests: Request[] = [];
  const open = new Set<Request>();
  const events: BeaconEvent[] = [];
  let endings: Endings | undefined;
  const sender: Sender = {
    send: (item) =>
      new Promise((resolve) => {
        const request: Request = {
          item,
          answer: async (sent) => {
            open.delete(request);
            resolve(sent);
            await settle();
          },
        };
        requests.push(request);
        open.add(request);
      }),
    onEnd: (asked) => {
      endings = asked;
      return () => {
        endings = undefined;
      };
    },
    close: () => {},
    ...extra,
  };
  const channel = new BeaconChannel(beaconSettings(options), sender, new Drops((event) => events.push(event)));
  return {
    channel,
    requests,
    open,
    events,
    endings: () => endings,
    beacon: (data: unknown, options = {}, url = A) => channel.accept(url, {}, data, options),
    /** Answers all that is on its way, as often as something new comes. */
    answerAll: async (sent: Sent = { ok: true }) => {
      while (open.size > 0) for (const request of [...open]) await request.answer(sent);
    },
  };
}
