/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load-wire.h"

/* The bare limit: what the kernel lets a WebSocket server of one group do.
 *
 * Whatever any connection sends goes to all of them, itself too. The frames of one wake-up are
 * joined and written by one send() a connection. Nothing is checked, bounded or logged, and one
 * that does not read stops all: this is what other servers are compared with, and no server.
 *
 *     bare-limit [--fault lose|repeat|swap]
 *
 * listens on a free port of 127.0.0.1, which it prints. With a fault every FAULT_EVERYth message
 * is spoilt, so that what checks deliveries can be checked. */

#define READ_MAX (64 * 1024)
#define FRAME_MAX (4 * 1024 * 1024)
#define EVENTS_MAX 512
#define BACKLOG 4096
#define BLOCKED_MS 1000
#define FAULT_EVERY 50

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_FIELD "\r\nSec-WebSocket-Key: "

typedef struct
{
  int fd;
  gboolean upgraded;
  guint place;      /* among the members, once upgraded */
  GByteArray *rest; /* (owned) (nullable): read, and no whole frame yet */
} Member;

typedef struct
{
  int epoll;
  int listener;
  GPtrArray *members; /* (element-type Member): those that are upgraded */
  GByteArray *joined; /* the frames of this wake-up */
  guint8 *buffer;
  const char *fault; /* (nullable) */
  guint n_frames;
  GByteArray *held; /* a frame that the next one is to overtake */
} Limit;

static void
write_all (int fd, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      struct pollfd blocked = { .fd = fd, .events = POLLOUT };
      gssize sent = send (fd, data, length, MSG_NOSIGNAL);

      if (sent < 0 && errno != EAGAIN)
        return; /* it is gone: its reading side will tell */
      if (sent < 0)
        poll (&blocked, 1, BLOCKED_MS);
      else
        data += sent, length -= (gsize) sent;
    }
}

static void
flush (Limit *self)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      const Member *member = g_ptr_array_index (self->members, i);

      write_all (member->fd, self->joined->data, self->joined->len);
    }
  g_byte_array_set_size (self->joined, 0);
}

static void
forget (Limit *self, Member *member)
{
  if (member->upgraded)
    {
      g_ptr_array_remove_index_fast (self->members, member->place);
      if (member->place < self->members->len)
        ((Member *) g_ptr_array_index (self->members, member->place))->place = member->place;
    }
  close (member->fd);
  g_clear_pointer (&member->rest, g_byte_array_unref);
  g_free (member);
}

static void
join (GByteArray *out, guint opcode, const guint8 *payload, gsize length)
{
  guint8 head[LOAD_HEAD_MAX];
  gsize size = load_wire_put_head (head, opcode, FALSE, length);

  g_byte_array_append (out, head, (guint) size);
  g_byte_array_append (out, payload, (guint) length);
}

static void
join_wrongly (Limit *self, guint opcode, const guint8 *payload, gsize length)
{
  gboolean is_spoilt = ++self->n_frames % FAULT_EVERY == 0;

  if (is_spoilt && g_str_equal (self->fault, "swap"))
    {
      join (self->held, opcode, payload, length);
      return;
    }
  if (!is_spoilt || g_str_equal (self->fault, "repeat"))
    join (self->joined, opcode, payload, length);
  if (is_spoilt && g_str_equal (self->fault, "repeat"))
    join (self->joined, opcode, payload, length);

  g_byte_array_append (self->joined, self->held->data, self->held->len);
  g_byte_array_set_size (self->held, 0);
}

static gsize
read_frames (Limit *self, guint8 *data, gsize length)
{
  gsize at = 0;
  LoadFrame frame;

  while (load_wire_parse (data + at, length - at, &frame) &&
         length - at - frame.head >= frame.length)
    {
      guint8 *payload = data + at + frame.head;

      load_wire_mask (payload, frame.length, payload - 4, 0);
      if (frame.opcode < LOAD_CLOSE && self->fault == NULL)
        join (self->joined, frame.opcode, payload, frame.length);
      else if (frame.opcode < LOAD_CLOSE)
        join_wrongly (self, frame.opcode, payload, frame.length);
      at += frame.head + frame.length;
    }

  return at;
}

/* Returns how much of it has been read: all, unless the request is not all there. */
static gsize
upgrade (Limit *self, Member *member, const guint8 *data, gsize length)
{
  g_autofree char *head = g_strndup ((const char *) data, length);
  const char *end = strstr (head, "\r\n\r\n");
  const char *key = strstr (head, KEY_FIELD);
  g_autofree char *answer = NULL;
  g_autofree char *accept = NULL;
  g_autofree char *salted = NULL;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize digest_length = sizeof digest;

  if (end == NULL || key == NULL)
    return 0;

  key += strlen (KEY_FIELD);
  salted = g_strdup_printf ("%.*s" GUID, (int) strcspn (key, "\r"), key);
  g_checksum_update (checksum, (const guchar *) salted, -1);
  g_checksum_get_digest (checksum, digest, &digest_length);
  accept = g_base64_encode (digest, digest_length);
  answer = g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                            accept);

  member->upgraded = TRUE;
  member->place = self->members->len;
  g_ptr_array_add (self->members, member);
  write_all (member->fd, (const guint8 *) answer, strlen (answer));

  return (gsize) (end - head) + 4;
}

static void
on_readable (Limit *self, Member *member)
{
  gsize length = member->rest != NULL ? member->rest->len : 0;
  gssize more = recv (member->fd, self->buffer + length, READ_MAX, 0);
  gsize read = 0;

  if (more < 0 && errno == EAGAIN)
    return;
  if (more <= 0 || length + (gsize) more > FRAME_MAX)
    {
      forget (self, member);
      return;
    }

  if (length > 0)
    memcpy (self->buffer, member->rest->data, length);
  length += (gsize) more;
  if (!member->upgraded)
    read = upgrade (self, member, self->buffer, length);
  if (member->upgraded)
    read += read_frames (self, self->buffer + read, length - read);

  if (member->rest != NULL)
    g_byte_array_set_size (member->rest, 0);
  if (read == length)
    return;

  if (member->rest == NULL)
    member->rest = g_byte_array_new ();
  g_byte_array_append (member->rest, self->buffer + read, (guint) (length - read));
}

static void
watch (Limit *self, int fd, Member *member)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = member };

  if (epoll_ctl (self->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
    g_error ("epoll_ctl: %s", g_strerror (errno));
}

static void
accept_all (Limit *self)
{
  int fd;

  while ((fd = accept4 (self->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
    {
      Member *member = g_new0 (Member, 1);

      member->fd = fd;
      watch (self, fd, member);
    }
}

/* Listens, and says where. */
static void
start (Limit *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;
  const int yes = 1;

  self->listener = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (setsockopt (self->listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
      bind (self->listener, (struct sockaddr *) &address, sizeof address) != 0 ||
      listen (self->listener, BACKLOG) != 0 ||
      getsockname (self->listener, (struct sockaddr *) &address, &length) != 0)
    g_error ("listen: %s", g_strerror (errno));

  watch (self, self->listener, NULL);
  printf ("Listening on 127.0.0.1:%u\n", g_ntohs (address.sin_port));
  fflush (stdout);
}

static void
serve (Limit *self)
{
  struct epoll_event events[EVENTS_MAX];

  while (TRUE)
    {
      int n_events = epoll_wait (self->epoll, events, EVENTS_MAX, -1);

      for (int i = 0; i < n_events; i++)
        {
          if (events[i].data.ptr == NULL)
            accept_all (self);
          else
            on_readable (self, events[i].data.ptr);
        }
      if (self->joined->len > 0)
        flush (self);
    }
}

int
main (int argc, char *argv[])
{
  Limit limit = { 0 };
  struct rlimit descriptors;

  if (argc == 3 && g_str_equal (argv[1], "--fault"))
    limit.fault = argv[2];
  else if (argc != 1)
    {
      g_printerr ("Usage: bare-limit [--fault lose|repeat|swap]\n");
      return EXIT_FAILURE;
    }

  if (getrlimit (RLIMIT_NOFILE, &descriptors) == 0)
    {
      descriptors.rlim_cur = descriptors.rlim_max;
      setrlimit (RLIMIT_NOFILE, &descriptors);
    }

  limit.epoll = epoll_create1 (EPOLL_CLOEXEC);
  limit.members = g_ptr_array_new ();
  limit.joined = g_byte_array_new ();
  limit.held = g_byte_array_new ();
  limit.buffer = g_malloc (FRAME_MAX + READ_MAX);
  start (&limit);
  serve (&limit);

  return EXIT_SUCCESS;
}
