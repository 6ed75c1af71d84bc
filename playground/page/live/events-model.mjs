// The event stream: the latest first, and what is said several times in a row is said once, with its count.

import { gist } from '../gist.mjs';

/** @import { EventType } from 'breakwater' */
/** @import { Message } from '../../traffic.mjs' */

/** @typedef {{ at: number, type: EventType, endpoint: string, text: string, times: number }} Told */

const KEPT = 60;
const LOOK_BACK = 4; // kinds that alternate, as a timeout with its retry does

export function createEvents() {
  /** @type {Told[]} */
  const list = [];

  return {
    list,
    /** @param {Extract<Message, { type: 'event' }>} message */
    add({ at, event, record }) {
      // Every attempt and every call ends; what happens in between is what there is to tell.
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

/** Numbers aside. @param {Told} told */
const sentence = ({ type, endpoint, text }) => `${type} ${endpoint} ${text.replace(/[\d.,\u202f]+/g, '#')}`;
