/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-outbox.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Entries given to the kernel at once. */
#define VECTOR_MAX 64

/**
 * ChannelsOutbox:
 *
 * Holds references to frames that many outboxes share, so a group's slow browsers cost its events
 * once. It knows exactly how much waits, and takes no more than its budget: a browser that does not
 * read costs its own connection, and nobody else's time or memory.
 */

typedef struct
{
  GBytes *frames; /* (owned): whole WebSocket frames, or HTTP */
  guint events;   /* how many events are in them */
} ChannelsOutboxEntry;

static void
entry_free (ChannelsOutboxEntry *entry)
{
  g_bytes_unref (entry->frames);
  g_free (entry);
}

/**
 * channels_outbox_init:
 * @self: (out caller-allocates): an outbox
 * @budget: how much may wait
 *
 * Starts with nothing that waits.
 */
void
channels_outbox_init (ChannelsOutbox *self, const ChannelsOutboxBudget *budget)
{
  *self = (ChannelsOutbox){ .entries = G_QUEUE_INIT, .budget = *budget };
}

/**
 * channels_outbox_clear:
 * @self: an outbox, or zeroes
 *
 * Drops all that waits.
 */
void
channels_outbox_clear (ChannelsOutbox *self)
{
  g_queue_clear_full (&self->entries, (GDestroyNotify) entry_free);
  self->offset = 0;
  self->backlog = 0;
  self->asides = 0;
  self->events = 0;
}

static gboolean
is_too_much (const ChannelsOutbox *self, gsize size, guint events)
{
  /* One event, however large it may be, finds room where nothing waits. */
  if (self->backlog == 0 && events <= 1)
    return FALSE;

  /* What is no event has as much of its own: a pong, and the word that a browser is slow, find
   * room behind any event. */
  if (events == 0)
    return self->asides + size > self->budget.bytes;

  return self->backlog + size > self->budget.bytes || self->events + events > self->budget.events;
}

/**
 * channels_outbox_push:
 * @self: an outbox
 * @frames: what to write; not empty
 * @events: how many events it holds; 0 for what is no event, such as a pong
 *
 * Puts @frames behind those that wait already, if that is within the budget.
 *
 * Returns: `TRUE` if they wait now, `FALSE` if nothing was changed
 */
gboolean
channels_outbox_push (ChannelsOutbox *self, GBytes *frames, guint events)
{
  ChannelsOutboxEntry *entry;

  if (is_too_much (self, g_bytes_get_size (frames), events))
    return FALSE;

  entry = g_new (ChannelsOutboxEntry, 1);
  entry->frames = g_bytes_ref (frames);
  entry->events = events;
  g_queue_push_tail (&self->entries, entry);
  self->backlog += g_bytes_get_size (frames);
  self->events += events;
  if (events == 0)
    self->asides += g_bytes_get_size (frames);

  return TRUE;
}

static void
drop_written (ChannelsOutbox *self, gsize written)
{
  self->backlog -= written;

  while (written > 0)
    {
      ChannelsOutboxEntry *oldest = g_queue_peek_head (&self->entries);
      gsize left = g_bytes_get_size (oldest->frames) - self->offset;

      if (written < left)
        {
          self->offset += written;
          return;
        }

      written -= left;
      self->offset = 0;
      self->events -= oldest->events;
      if (oldest->events == 0)
        self->asides -= g_bytes_get_size (oldest->frames);
      entry_free (g_queue_pop_head (&self->entries));
    }
}

static gssize
write_some (ChannelsOutbox *self, int fd)
{
  struct iovec vectors[VECTOR_MAX];
  struct msghdr message = { .msg_iov = vectors };
  gssize written;

  for (GList *l = self->entries.head; l != NULL && message.msg_iovlen < VECTOR_MAX; l = l->next)
    {
      ChannelsOutboxEntry *entry = l->data;
      gsize size;
      gsize skip = l == self->entries.head ? self->offset : 0;
      const guint8 *data = g_bytes_get_data (entry->frames, &size);

      vectors[message.msg_iovlen].iov_base = (gpointer) (data + skip);
      vectors[message.msg_iovlen].iov_len = size - skip;
      message.msg_iovlen++;
    }

  do
    written = sendmsg (fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (written < 0 && errno == EINTR);

  return written;
}

/**
 * channels_outbox_write:
 * @self: an outbox
 * @fd: a non-blocking socket
 *
 * Writes what the kernel takes; nothing while it is blocked, which whoever hears from the kernel
 * that it takes more undoes.
 *
 * Returns: how far it got
 */
ChannelsOutboxResult
channels_outbox_write (ChannelsOutbox *self, int fd)
{
  while (self->backlog > 0 && !self->blocked)
    {
      gssize written = write_some (self, fd);

      if (written >= 0)
        drop_written (self, written);
      else if (errno == EAGAIN)
        self->blocked = TRUE;
      else
        return CHANNELS_OUTBOX_FAILED;
    }

  return self->backlog > 0 ? CHANNELS_OUTBOX_BLOCKED : CHANNELS_OUTBOX_EMPTY;
}
