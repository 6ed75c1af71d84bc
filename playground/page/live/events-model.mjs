// The event stream, latest first; repeated events are listed once, with a count.

import { gist } from '../gist.mjs';

/** @import { EventType } from 'breakwater' */
/** @import { Message } from '../../traffic.mjs' */

/** @typedef {{ at: number, type: EventType, endpoint: string, text: string, times: number }} Told */

const KEPT = 60;
const LOOK_BACK = 4; // for events that alternate, as a timeout and its retry do

export function createEvents() {
  /** @type {Told[]} */
  const list = [];

  return {
    list,
    /** @param {Extract<Message, { type: 'event' }>} message */
    add({ at, event, record }) {
      // Every attempt and call ends; only what happens in between is of interest.
      if (event === 'attempt' || event === 'call') return;
      const told = {
        at,
        type: event,
        endpoint: 'endpoint' in record ? record.endpoint : '',
        text: gist({ type: event, record }),
        times: 1,
      };
      const index = list.slice(0, LOOK_BACK).findIndex((other) => sentence(other) === sentence(told));
      if (index >= 0) told.times += list.splice(index, 1)[0]?.times ?? 0;
      list.unshift(told);
      list.splice(KEPT);
    },
  };
}

/** What is compared: numbers do not count. @param {Told} told */
const sentence = ({ type, endpoint, text }) => `${type} ${endpoint} ${text.replace(/[\d.,\u202f]+/g, '#')}`;
