/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "load-tab.h"

#include "load-wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load-usage.h"

/* A tab costs the client far less than its server: one read takes all that there is into a buffer
 * which all share, and a message is checked by one comparison, where it stands. Only what is cut at
 * the end of a read is copied. */

#define READ_MAX (256 * 1024) /* bytes of one read */
#define REST_MAX (4 * 1024 * 1024)
#define EVENTS_MAX 512
#define COMPLAINTS_MAX 3
#define WAIT_MS 50
#define CONNECT_PATIENCE (180 * G_GINT64_CONSTANT (1000000000)) /* ns */

/* Of RFC 6455, section 1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static void
close_tab (LoadTabs *self, LoadTab *tab, const char *why)
{
  if (self->n_closed < COMPLAINTS_MAX)
    g_printerr ("load-client: connection %u of %u is lost: %s\n", (guint) (tab - self->tabs),
                self->n_tabs, why);
  if (tab->state == LOAD_TAB_READY)
    self->n_ready--;

  self->n_closed++;
  tab->state = LOAD_TAB_CLOSED;
  close (tab->fd);
}

static void
watch (LoadTabs *self, LoadTab *tab, int operation, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = tab };

  if (epoll_ctl (self->epoll, operation, tab->fd, &event) != 0)
    g_error ("epoll_ctl: %s", g_strerror (errno));
}

static void
write_unsent (LoadTabs *self, LoadTab *tab)
{
  gssize sent = send (tab->fd, tab->unsent->data, tab->unsent->len, MSG_NOSIGNAL);

  if (sent > 0)
    g_byte_array_remove_range (tab->unsent, 0, (guint) sent);
  else if (sent < 0 && errno != EAGAIN && errno != EINTR)
    close_tab (self, tab, g_strerror (errno));

  if (tab->state != LOAD_TAB_CLOSED && tab->unsent->len == 0)
    watch (self, tab, EPOLL_CTL_MOD, EPOLLIN);
}

static void
write_all (LoadTabs *self, LoadTab *tab, const void *data, gsize length)
{
  gssize sent = 0;

  if (tab->unsent == NULL)
    tab->unsent = g_byte_array_new ();
  if (tab->unsent->len == 0)
    {
      sent = send (tab->fd, data, length, MSG_NOSIGNAL);
      if (sent == (gssize) length)
        return;
      if (sent < 0 && errno != EAGAIN && errno != EINTR)
        {
          close_tab (self, tab, g_strerror (errno));
          return;
        }
      sent = MAX (sent, 0);
      watch (self, tab, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
  g_byte_array_append (tab->unsent, (const guint8 *) data + sent, (guint) (length - (gsize) sent));
}

static void
write_frame (LoadTabs *self, LoadTab *tab, guint opcode, const void *payload, gsize length)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  load_wire_append (frame, opcode, payload, length);
  write_all (self, tab, frame->data, frame->len);
}

static void
say_hello (LoadTabs *self, LoadTab *tab)
{
  const LoadOptions *options = self->options;
  gsize length;
  const guint8 *hello = g_bytes_get_data (options->hello, &length);

  if (length > 0 && options->raw)
    write_all (self, tab, hello, length);
  else if (length > 0)
    write_frame (self, tab, options->binary ? LOAD_BINARY : LOAD_TEXT, hello, length);

  if (tab->state == LOAD_TAB_CLOSED)
    return;

  if (g_bytes_get_size (options->ready) > 0)
    {
      tab->state = LOAD_TAB_GREETING;
    }
  else
    {
      tab->state = LOAD_TAB_READY;
      self->n_ready++;
    }
}

static void
ask_for_upgrade (LoadTabs *self, LoadTab *tab)
{
  const LoadOptions *options = self->options;
  gboolean is_tab = tab->index != LOAD_NO_TAB;
  g_autofree char *protocol = NULL;
  g_autofree char *head = NULL;

  if (options->protocol != NULL)
    protocol = g_strdup_printf ("Sec-WebSocket-Protocol: %s\r\n", options->protocol);

  head = g_strdup_printf ("GET %s HTTP/1.1\r\n"
                          "Host: 127.0.0.1:%d\r\n"
                          "Upgrade: websocket\r\n"
                          "Connection: Upgrade\r\n"
                          "Sec-WebSocket-Key: " KEY "\r\n"
                          "Sec-WebSocket-Version: 13\r\n"
                          "%s\r\n",
                          options->path, is_tab ? options->port : options->publish_port,
                          protocol != NULL ? protocol : "");
  tab->state = LOAD_TAB_UPGRADING;
  write_all (self, tab, head, strlen (head));
}

static void
on_connected (LoadTabs *self, LoadTab *tab)
{
  int error = 0;
  socklen_t length = sizeof error;

  getsockopt (tab->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0)
    {
      close_tab (self, tab, g_strerror (error));
      return;
    }

  watch (self, tab, EPOLL_CTL_MOD, EPOLLIN);
  if (self->options->raw)
    say_hello (self, tab);
  else
    ask_for_upgrade (self, tab);
}

/* Returns how much of it has been read: all, unless the answer is not all there. */
static gsize
read_upgrade (LoadTabs *self, LoadTab *tab, const guint8 *data, gsize length)
{
  const char *end = memmem (data, length, "\r\n\r\n", 4);
  g_autofree char *head = NULL;

  if (end == NULL)
    return 0;

  head = g_strndup ((const char *) data, (gsize) (end - (const char *) data));
  if (!g_str_has_prefix (head, "HTTP/1.1 101") || strstr (head, ACCEPT) == NULL)
    {
      head[strcspn (head, "\r")] = '\0';
      close_tab (self, tab, head);
    }
  else
    {
      say_hello (self, tab);
    }

  return (gsize) (end - (const char *) data) + 4;
}

/* Returns how much of it has been read. */
static gsize
read_greeting (LoadTabs *self, LoadTab *tab, const guint8 *data, gsize length)
{
  gsize ready_length;
  const void *ready = g_bytes_get_data (self->options->ready, &ready_length);
  const guint8 *found = memmem (data, length, ready, ready_length);

  if (found == NULL)
    return self->options->raw ? 0 : length;

  tab->state = LOAD_TAB_READY;
  self->n_ready++;

  return (gsize) (found - data) + ready_length;
}

static void
on_mark (LoadTabs *self, LoadTab *tab, const char digits[LOAD_DIGITS])
{
  if (!tab->knocked && memcmp (digits, LOAD_KNOCK, LOAD_DIGITS) == 0)
    {
      tab->knocked = TRUE;
      self->n_knocked++;
    }
}

/* Checks the messages in what a frame holds, or in what a stream brought. Returns where the last
 * one begins that is not all there; @length where there is none. */
static gsize
read_messages (LoadTabs *self, LoadTab *tab, const guint8 *data, gsize length, gint64 now)
{
  gsize size = (gsize) self->options->size;
  const guint8 *end = data + length;
  const guint8 *at = data;

  if (tab->index == LOAD_NO_TAB)
    return length;

  if (self->mark_at < length && data[0] != LOAD_MARK && data[self->mark_at] == LOAD_MARK)
    at = data + self->mark_at;

  while (at < end && (at = memchr (at, LOAD_MARK, (gsize) (end - at))) != NULL)
    {
      if ((gsize) (end - at) < size)
        return (gsize) (at - data);

      if (!load_ledger_take (self->ledger, tab->index, &tab->next, (const char *) at + 1, now))
        {
          on_mark (self, tab, (const char *) at + 1);
          at++;
          continue;
        }
      if ((gsize) (at - data) < size)
        self->mark_at = (gsize) (at - data);
      at += size;
    }

  return length;
}

/* Some servers have frames as TCP has segments: a message may be in two. */
static void
read_payload (LoadTabs *self, LoadTab *tab, const guint8 *payload, gsize length, gint64 now)
{
  gsize read;

  if (tab->cut != NULL && tab->cut->len > 0)
    {
      g_byte_array_append (tab->cut, payload, (guint) length);
      read = read_messages (self, tab, tab->cut->data, tab->cut->len, now);
      g_byte_array_remove_range (tab->cut, 0, (guint) read);
      return;
    }

  read = read_messages (self, tab, payload, length, now);
  if (read == length)
    return;

  if (tab->cut == NULL)
    tab->cut = g_byte_array_new ();
  g_byte_array_append (tab->cut, payload + read, (guint) (length - read));
}

static void
on_frame (LoadTabs *self, LoadTab *tab, const LoadFrame *frame, const guint8 *payload, gint64 now)
{
  if (frame->opcode == LOAD_CLOSE)
    close_tab (self, tab, "the server closes it");
  else if (frame->opcode == LOAD_PING)
    write_frame (self, tab, LOAD_PONG, payload, frame->length);
  else if (frame->opcode < LOAD_CLOSE && tab->state == LOAD_TAB_GREETING)
    read_greeting (self, tab, payload, frame->length);
  else if (frame->opcode < LOAD_CLOSE)
    read_payload (self, tab, payload, frame->length, now);
}

static gsize
read_frames (LoadTabs *self, LoadTab *tab, const guint8 *data, gsize length, gint64 now)
{
  gsize at = 0;
  LoadFrame frame;

  while (tab->state != LOAD_TAB_CLOSED && load_wire_parse (data + at, length - at, &frame) &&
         length - at - frame.head >= frame.length)
    {
      on_frame (self, tab, &frame, data + at + frame.head, now);
      at += frame.head + frame.length;
    }

  return at;
}

/* Returns how much of it has been read: what is left comes again, with more behind it. */
static gsize
read_some (LoadTabs *self, LoadTab *tab, const guint8 *data, gsize length, gint64 now)
{
  gsize at = 0;

  if (tab->state == LOAD_TAB_UPGRADING)
    at = read_upgrade (self, tab, data, length);

  if (!self->options->raw && tab->state >= LOAD_TAB_GREETING)
    return at + read_frames (self, tab, data + at, length - at, now);

  if (tab->state == LOAD_TAB_GREETING)
    at = read_greeting (self, tab, data, length);
  if (tab->state == LOAD_TAB_READY)
    at += read_messages (self, tab, data + at, length - at, now);

  return at;
}

static void
keep_rest (LoadTabs *self, LoadTab *tab, const guint8 *data, gsize length)
{
  if (length > REST_MAX)
    {
      close_tab (self, tab, "too long a message");
      return;
    }
  if (tab->rest == NULL)
    tab->rest = g_byte_array_new ();

  g_byte_array_set_size (tab->rest, 0);
  g_byte_array_append (tab->rest, data, (guint) length);
}

static void
on_readable (LoadTabs *self, LoadTab *tab)
{
  gsize length = tab->rest != NULL ? tab->rest->len : 0;
  gssize more = recv (tab->fd, self->buffer + length, READ_MAX, 0);
  gint64 now = load_now ();
  const int yes = 1;
  gsize read;

  if (more < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (more <= 0)
    {
      close_tab (self, tab, more == 0 ? "the server is gone" : g_strerror (errno));
      return;
    }

  if (self->options->quick)
    setsockopt (tab->fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
  if (length > 0)
    memcpy (self->buffer, tab->rest->data, length);
  length += (gsize) more;
  read = read_some (self, tab, self->buffer, length, now);
  if (tab->state == LOAD_TAB_CLOSED)
    return;

  if (read < length)
    keep_rest (self, tab, self->buffer + read, length - read);
  else if (tab->rest != NULL)
    g_byte_array_set_size (tab->rest, 0);
}

LoadTabs *
load_tabs_new (const LoadOptions *options)
{
  LoadTabs *self = g_new0 (LoadTabs, 1);

  self->options = options;
  self->ledger = load_ledger_new ((guint) options->tabs, (guint) options->window);
  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  self->n_tabs = (guint) options->tabs + (options->publish_port > 0 ? 1 : 0);
  self->tabs = g_new0 (LoadTab, self->n_tabs);
  self->buffer = g_malloc (REST_MAX + READ_MAX);

  return self;
}

void
load_tabs_free (LoadTabs *self)
{
  for (guint i = 0; i < self->n_tabs; i++)
    {
      LoadTab *tab = &self->tabs[i];

      if (tab->state != LOAD_TAB_UNUSED && tab->state != LOAD_TAB_CLOSED)
        close (tab->fd);
      g_clear_pointer (&tab->rest, g_byte_array_unref);
      g_clear_pointer (&tab->cut, g_byte_array_unref);
      g_clear_pointer (&tab->unsent, g_byte_array_unref);
    }
  close (self->epoll);
  load_ledger_free (self->ledger);
  g_free (self->buffer);
  g_free (self->tabs);
  g_free (self);
}

/* Begins to connect the next one. */
static void
start_next (LoadTabs *self)
{
  /* Reset in the end: ports that wait would be missing in the next run. */
  const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
  const int yes = 1;
  guint i = self->n_started++;
  LoadTab *tab = &self->tabs[i];
  gboolean is_tab = i < (guint) self->options->tabs;
  int port = is_tab ? self->options->port : self->options->publish_port;
  const struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_port = g_htons ((guint16) port),
    .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK),
  };

  tab->index = is_tab ? i : LOAD_NO_TAB;
  tab->state = LOAD_TAB_CONNECTING;
  tab->fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (tab->fd < 0)
    g_error ("socket: %s", g_strerror (errno));

  setsockopt (tab->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt (tab->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  watch (self, tab, EPOLL_CTL_ADD, EPOLLOUT);
  if (connect (tab->fd, (const struct sockaddr *) &address, sizeof address) != 0 &&
      errno != EINPROGRESS)
    close_tab (self, tab, g_strerror (errno));
}

gboolean
load_tabs_connect (LoadTabs *self)
{
  gint64 deadline = load_now () + CONNECT_PATIENCE;

  while (self->n_ready + self->n_closed < self->n_tabs && load_now () < deadline)
    {
      while (self->n_started < self->n_tabs &&
             self->n_started - self->n_ready - self->n_closed < (guint) self->options->at_once)
        start_next (self);
      load_tabs_wait (self, WAIT_MS);
    }

  return self->n_ready == self->n_tabs;
}

void
load_tabs_publish (LoadTabs *self, const void *data, gsize length)
{
  LoadTab *publisher = &self->tabs[self->options->publish_port > 0 ? self->n_tabs - 1 : 0];

  if (publisher->state == LOAD_TAB_READY)
    write_all (self, publisher, data, length);
}

gboolean
load_tabs_wait (LoadTabs *self, int timeout_ms)
{
  struct epoll_event events[EVENTS_MAX];
  int n_events = epoll_wait (self->epoll, events, EVENTS_MAX, timeout_ms);
  gboolean is_time = FALSE;

  for (int i = 0; i < n_events; i++)
    {
      LoadTab *tab = events[i].data.ptr;

      if (tab == NULL)
        {
          is_time = TRUE;
          continue;
        }
      if (tab->state == LOAD_TAB_CONNECTING)
        {
          on_connected (self, tab);
          continue;
        }
      if (tab->state != LOAD_TAB_CLOSED && events[i].events & EPOLLOUT)
        write_unsent (self, tab);
      if (tab->state != LOAD_TAB_CLOSED && events[i].events & ~(guint32) EPOLLOUT)
        on_readable (self, tab);
    }

  return is_time;
}
