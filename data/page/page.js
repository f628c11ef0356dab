// SPDX-FileCopyrightText: 2026 The Channels developers
// SPDX-License-Identifier: LGPL-2.1-or-later

// The page: one room at a time, named by the address's fragment.

import { DEFAULT_ROOM, connect, isRoom } from './channels.js';
import catalogues from './translations.js';

// Messages that the page keeps, so that a busy room fills no memory.
const MESSAGES_SHOWN = 500;

const element = id => document.getElementById(id);

const language = chooseLanguage(navigator.languages);

const time = new Intl.DateTimeFormat(language, { timeStyle: 'medium' });

/** @type {import('./channels.js').Channel|null} */
let channel = null;

// Whether the newest message is in sight, and shall stay there.
let following = true;
let logSize = '';  // with which that was so

// The first of the reader's languages that there is a translation into, in the
// same script (zh-HK reads zh-TW, and zh-CN does not); the source is English.
function chooseLanguage(wanted) {
  const script = tag => {
    const { language, script } = new Intl.Locale(tag).maximize();
    return `${language}-${script}`;
  };
  const offered = [...Object.keys(catalogues), 'en'];

  for (const tag of wanted) {
    const found = offered.includes(tag) ? tag : offered.find(o => script(o) === script(tag));
    if (found)
      return found === 'en' ? tag : found;
  }
  return 'en';
}

function _(text) {
  return catalogues[language]?.[text] ?? text;
}

function translateDocument() {
  document.documentElement.lang = language;
  for (const marked of document.querySelectorAll('[data-i18n]'))
    marked.textContent = _(marked.textContent);
  for (const name of ['aria-label', 'placeholder', 'title']) {
    for (const marked of document.querySelectorAll(`[${name}]`))
      marked.setAttribute(name, _(marked.getAttribute(name)));
  }
}

function roomOfAddress() {
  let room = location.hash.slice(1);
  try {
    room = decodeURIComponent(room);
  } catch {
    // A stray % is shown as it stands, and refused as a name.
  }
  return room || DEFAULT_ROOM;
}

function showState(state, text) {
  const status = element('state');

  status.dataset.state = state;
  // The same words again would be read out again.
  if (status.textContent !== text)
    status.textContent = text;
}

function showProblem(text, kind = 'refused') {
  element('problem').dataset.kind = kind;
  element('problem').textContent = text;
}

function makeEntry(message) {
  const now = new Date();
  const entry = document.createElement('li');
  const stamp = document.createElement('time');
  const text = document.createElement('span');

  stamp.dateTime = now.toISOString();
  stamp.textContent = time.format(now);
  text.dir = 'auto';
  text.textContent = typeof message === 'string' ? message : JSON.stringify(message);
  text.classList.toggle('json', typeof message !== 'string');
  entry.append(stamp, ' ', text);
  return entry;
}

function sizeOf(log) {
  return `${log.clientWidth} ${log.clientHeight}`;
}

// Who has scrolled back to read stays there; a window of another size is no scrolling.
function onScroll({ currentTarget: log }) {
  if (sizeOf(log) === logSize)
    following = log.scrollHeight - log.scrollTop - log.clientHeight < 8;
}

function follow() {
  const log = element('log');

  if (following)
    log.scrollTop = log.scrollHeight;
}

function onResize() {
  logSize = sizeOf(element('log'));
  follow();
}

function showMessage(message) {
  const messages = element('messages');

  element('empty').hidden = true;
  messages.append(makeEntry(message));
  if (messages.childElementCount > MESSAGES_SHOWN)
    messages.firstElementChild.remove();
  follow();
}

function clearMessages() {
  element('messages').replaceChildren();
  following = true;
  element('empty').hidden = false;
  showProblem('');
}

function onStateChange({ detail: { state } }) {
  if (state === 'open') {
    showState(state, _('Connected'));
    showProblem('');
  } else if (state === 'waiting') {
    showState(state, _('Connection lost, trying again…'));
  }
}

function onError({ detail: { code, message } }) {
  if (code === 'rate-limited')
    showProblem(_('Not sent: too many messages at once.'));
  else
    showProblem(_('Not sent: {reason}.').replace('{reason}', () => message));
}

function join(room) {
  channel?.close();
  channel = null;
  clearMessages();
  element('room').value = room;

  if (!isRoom(room)) {
    document.title = 'Channels';
    showState('closed', _('Not connected'));
    showProblem(_('No room can have this name.'));
    return;
  }

  document.title = `${room} · Channels`;
  for (const group of document.querySelectorAll('.group'))
    group.textContent = `chat_${room}`;

  showState('connecting', _('Connecting…'));
  channel = connect(room === DEFAULT_ROOM ? {} : { room });
  channel.onmessage = ({ data }) => showMessage(data);
  channel.onstatechange = onStateChange;
  channel.onerror = onError;
}

function onJoin(event) {
  const room = element('room').value;

  event.preventDefault();
  if (room !== roomOfAddress())
    location.hash = room;
  element('message').focus();
}

function onSend(event) {
  const input = element('message');

  event.preventDefault();
  input.focus();
  if (!input.value || !channel)
    return;
  if (!channel.send(input.value)) {
    showProblem(_('Not sent: too much is waiting for the connection.'));
    return;
  }
  input.value = '';
  if (channel.state === 'open')
    showProblem('');
  else
    showProblem(_('Will be sent when the connection is back.'), 'waits');
}

async function onCopy({ currentTarget: button }) {
  await navigator.clipboard.writeText(button.parentElement.querySelector('code').textContent);
  button.textContent = _('Copied');
  button.addEventListener('blur', () => {
    button.textContent = _('Copy');
  }, { once: true });
}

translateDocument();
element('join').addEventListener('submit', onJoin);
element('compose').addEventListener('submit', onSend);
for (const button of document.querySelectorAll('.copy'))
  button.addEventListener('click', onCopy);
element('log').addEventListener('scroll', onScroll);
new ResizeObserver(onResize).observe(element('log'));
addEventListener('hashchange', () => join(roomOfAddress()));

join(roomOfAddress());
element('message').focus();
