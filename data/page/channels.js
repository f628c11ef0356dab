// SPDX-FileCopyrightText: 2026 The Channels developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * Talks to a group of channelsd from a web page.
 *
 *     import { connect } from '/channels.js';
 *
 *     const channel = connect('lobby');           // the group chat_lobby
 *     channel.onmessage = event => console.log(event.data);
 *     channel.onstatechange = () => console.log(channel.state);
 *     channel.send('hello');
 *
 * A channel looks after its connection: lost, it is made again, after a random
 * and growing time, at once when the network is back or the page is looked at;
 * for ever, until `close()`.
 *
 * Each message is delivered at most once. What is sent while there is no
 * connection waits, in order, for the next one; what was on its way when a
 * connection broke is not sent again; what others said meanwhile is not heard.
 *
 * Has no dependencies, and works in pages and in workers. A page of another
 * origin calls `connect('ws://127.0.0.1:8484/ws/chat/lobby/')`; it imports this
 * from there where `AllowedOrigins=` has its origin, and else brings a copy.
 */

/** The room whose group, `chat_chat_room`, has the path `/ws/chat/` too. */
export const DEFAULT_ROOM = 'chat_room';

/** What may wait to be sent: this many messages and UTF-16 units of text. */
export const QUEUE_MESSAGES = 100;
export const QUEUE_SIZE = 1024 * 1024;

// Times in milliseconds. The wait before a new try is a random one between the
// floor and a ceiling that doubles from try to try, up to the cap.
const RETRY_FLOOR = 250;
const RETRY_CAP = 10_000;
const STABLE = 5_000;            // a connection this old starts the doubling anew
const CONNECT_TIMEOUT = 10_000;

const PROTOCOL = 'channels.v1';
const TICKET_PREFIX = 'channels.ticket.';

/**
 * A connection is being made; it is there; it will be tried again; `close()` was called.
 * @typedef {'connecting'|'open'|'waiting'|'closed'} State
 */

/**
 * @typedef {object} Options
 * @property {string} [room] a room on the page's own host: 1 to 64 ASCII
 *   letters, digits, `-`, `_`, `.`; by default the path is `/ws/chat/`
 * @property {string|URL} [url] any WebSocket, in place of a room; relative to the page
 * @property {string|(() => string|Promise<string>)} [ticket] lets a page of
 *   another origin in. A ticket is good for one connection: give a function,
 *   called before each, for a channel that shall come back when it was lost.
 */

/**
 * Tells whether a text may name a room. `.` and `..` mean something else in a URL's path.
 *
 * @param {string} room
 * @returns {boolean}
 */
export function isRoom(room) {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(room) && room !== '.' && room !== '..';
}

/**
 * Joins a group. The first try begins at once, the rest is told by events.
 *
 * @param {string|URL|Options} [target] a room's name, a URL (whatever holds a
 *   slash is one), or options
 * @param {Options} [options] further options, where `target` is a name or a URL
 * @returns {Channel}
 * @throws {TypeError} where the room's name or the URL is none
 */
export function connect(target = {}, options = {}) {
  if (target instanceof URL || String(target).includes('/'))
    return new Channel({ ...options, url: target });
  if (typeof target === 'string')
    return new Channel({ ...options, room: target });
  return new Channel({ ...options, ...target });
}

/** @param {Options} options @returns {string} an absolute ws: or wss: URL */
function resolve({ url, room }) {
  if (!url && room !== undefined && !isRoom(room))
    throw new TypeError(`“${room}” is not the name of a room`);

  const path = room === undefined ? '/ws/chat/' : `/ws/chat/${room}/`;
  const result = new URL(url ?? path, globalThis.location?.href);

  result.protocol = result.protocol.replace(/^http/, 'ws');
  result.hash = '';
  if (!/^wss?:$/.test(result.protocol))
    throw new TypeError(`${result} is not the URL of a WebSocket`);
  return result.href;
}

/**
 * One membership of one group, made by `connect()`. Its events:
 *
 * - `message`, a MessageEvent: `data` is what somebody in the group sent (this
 *   page too), any JSON value.
 * - `statechange`, a CustomEvent: `detail.state` is the new state; for
 *   `waiting` also `detail.delay`, milliseconds to the next try, and
 *   `detail.code` and `detail.reason`, with which the connection was closed.
 * - `error`, a CustomEvent: the service refused something that was sent, and
 *   `detail.code` (such as `rate-limited`) and `detail.message` say why; or the
 *   ticket function failed (`no-ticket`). The channel goes on.
 */
export class Channel extends EventTarget {
  /** @type {((event: MessageEvent) => void)|null} */
  onmessage = null;
  /** @type {((event: CustomEvent) => void)|null} */
  onstatechange = null;
  /** @type {((event: CustomEvent) => void)|null} */
  onerror = null;

  #url;
  #ticket;
  #state = /** @type {State} */ ('waiting');
  #socket = /** @type {WebSocket|null} */ (null);
  #queue = /** @type {string[]} */ ([]);  // JSON texts, oldest first
  #queued = 0;                            // length of all of them
  #failures = 0;                          // tries since the last stable connection
  #opened = 0;                            // when the connection was made
  #timer = 0;                             // of the next try, or of this one's time limit
  #ended = new AbortController();         // takes the listeners away

  /** @param {Options} options */
  constructor(options) {
    super();
    this.#url = resolve(options);
    this.#ticket = options.ticket;

    for (const type of ['message', 'statechange', 'error'])
      this.addEventListener(type, event => this[`on${type}`]?.(event));

    const { signal } = this.#ended;
    globalThis.addEventListener?.('online', () => this.#hurry(), { signal });
    globalThis.document?.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible')
        this.#hurry();
    }, { signal });

    this.#try();
  }

  /** The WebSocket's address. @returns {string} */
  get url() {
    return this.#url;
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** How many messages wait for a connection. @returns {number} */
  get queued() {
    return this.#queue.length;
  }

  /**
   * Sends a message to the group, or keeps it until there is a connection.
   *
   * @param {*} message any JSON value
   * @returns {boolean} false, and nothing is kept, where the channel is closed,
   *   or so much waits already that the message would take it past
   *   `QUEUE_MESSAGES` or `QUEUE_SIZE`
   * @throws {TypeError} where the message cannot be written as JSON
   */
  send(message) {
    if (JSON.stringify(message) === undefined)
      throw new TypeError('a message is a JSON value');

    const text = JSON.stringify({ message });
    const open = this.#state === 'open';
    const backlog = open ? this.#socket.bufferedAmount : this.#queued;

    // A message alone may be of any size: that limit is the service's.
    if (this.#state === 'closed' || (backlog > 0 && backlog + text.length > QUEUE_SIZE))
      return false;
    if (open) {
      this.#socket.send(text);
      return true;
    }
    if (this.#queue.length >= QUEUE_MESSAGES)
      return false;
    this.#queue.push(text);
    this.#queued += text.length;
    return true;
  }

  /** Leaves the group, for good; drops what waits. May be called again. */
  close() {
    if (this.#state === 'closed')
      return;
    clearTimeout(this.#timer);
    this.#ended.abort();
    this.#clearQueue();
    this.#socket?.close(1000);
    this.#socket = null;
    this.#change('closed');
  }

  async #try() {
    this.#change('connecting');
    try {
      const ticket = typeof this.#ticket === 'function' ? await this.#ticket() : this.#ticket;
      if (this.#state === 'connecting')
        this.#open(ticket === undefined ? [] : [PROTOCOL, TICKET_PREFIX + ticket]);
    } catch (error) {
      if (this.#state !== 'connecting')
        return;
      this.#emit('error', { code: 'no-ticket', message: String(error) });
      this.#wait({ code: 1006, reason: '' });
    }
  }

  /** @param {string[]} protocols */
  #open(protocols) {
    const socket = new WebSocket(this.#url, protocols);

    this.#socket = socket;
    this.#timer = setTimeout(() => socket.close(), CONNECT_TIMEOUT);
    socket.onopen = () => socket === this.#socket && this.#onOpen(socket);
    socket.onmessage = ({ data }) => socket === this.#socket && this.#onText(data);
    socket.onclose = event => socket === this.#socket && this.#onClose(event);
  }

  /** @param {WebSocket} socket */
  #onOpen(socket) {
    clearTimeout(this.#timer);
    this.#opened = performance.now();
    for (const text of this.#queue)
      socket.send(text);
    this.#clearQueue();
    this.#change('open');
  }

  /** @param {*} data a frame's; what is not of the protocol is passed over */
  #onText(data) {
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (frame?.error)
      this.#emit('error', frame.error);
    else if (frame?.message !== undefined)
      this.dispatchEvent(new MessageEvent('message', { data: frame.message }));
  }

  /** @param {CloseEvent} event */
  #onClose(event) {
    clearTimeout(this.#timer);
    if (this.#state === 'open' && performance.now() - this.#opened >= STABLE)
      this.#failures = 0;
    this.#socket = null;
    this.#wait(event);
  }

  #wait({ code, reason }) {
    this.#failures += 1;

    const ceiling = Math.min(RETRY_CAP, RETRY_FLOOR * 2 ** this.#failures);
    const delay = RETRY_FLOOR + Math.random() * (ceiling - RETRY_FLOOR);

    this.#timer = setTimeout(() => this.#try(), delay);
    this.#change('waiting', { delay, code, reason });
  }

  #hurry() {
    if (this.#state !== 'waiting')
      return;
    clearTimeout(this.#timer);
    this.#try();
  }

  #clearQueue() {
    this.#queue = [];
    this.#queued = 0;
  }

  /** @param {State} state @param {object} [detail] */
  #change(state, detail = {}) {
    this.#state = state;
    this.#emit('statechange', { ...detail, state });
  }

  /** @param {string} type @param {object} detail */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
