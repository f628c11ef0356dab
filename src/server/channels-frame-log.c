/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-frame-log.h"

/* Bytes that an empty log keeps the memory of. */
#define KEPT_MAX (256 * 1024)

/* Bytes of one copy, unless one event is more. */
#define COPY_MAX (256 * 1024)

/*
 * ChannelsFrameLog:
 *
 * What is sent to many readers, once: each of them only knows the number of the event that it has
 * not had yet, and what comes next is one piece of memory, however many events it is.
 *
 * Who is slow gets references to copies, which all slow ones share: each byte is copied once at
 * most, in pieces, since whoever waits for one event keeps the whole piece.
 */
typedef struct
{
  GBytes *bytes; /* (owned) */
  guint64 offset;
  guint32 end; /* number of the event behind it */
} Copy;

static void
copy_free (gpointer data)
{
  Copy *copy = data;

  g_bytes_unref (copy->bytes);
  g_free (copy);
}

/*
 * channels_frame_log_init:
 * @self: (out caller-allocates): a log
 */
void
channels_frame_log_init (ChannelsFrameLog *self)
{
  *self = (ChannelsFrameLog){ .frames = g_byte_array_new (),
                              .ends = g_array_new (FALSE, FALSE, sizeof (guint64)),
                              .copies = G_QUEUE_INIT };
}

/*
 * channels_frame_log_clear:
 * @self: a log
 *
 * Frees what it holds.
 */
void
channels_frame_log_clear (ChannelsFrameLog *self)
{
  g_byte_array_unref (self->frames);
  g_array_unref (self->ends);
  g_queue_clear_full (&self->copies, copy_free);
}

/*
 * channels_frame_log_end_event:
 * @self: a log
 *
 * What was appended to its frames is an event.
 */
void
channels_frame_log_end_event (ChannelsFrameLog *self)
{
  guint64 end = self->offset + self->frames->len;

  g_array_append_val (self->ends, end);
  self->peak = MAX (self->peak, self->frames->len);
}

/*
 * channels_frame_log_get_next:
 * @self: a log
 *
 * Returns: the number of the event that comes next
 */
guint32
channels_frame_log_get_next (const ChannelsFrameLog *self)
{
  return self->base + self->ends->len;
}

/* Where an event begins in the stream. */
static guint64
find_start (const ChannelsFrameLog *self, guint32 event)
{
  guint32 index = event - self->base;

  return index == 0 ? self->offset : g_array_index (self->ends, guint64, index - 1);
}

/*
 * channels_frame_log_count:
 * @self: a log
 *
 * Returns: events that somebody may still want
 */
guint
channels_frame_log_count (const ChannelsFrameLog *self)
{
  return channels_frame_log_get_next (self) - self->first;
}

/*
 * channels_frame_log_get_size:
 * @self: a log
 *
 * Returns: bytes of those
 */
gsize
channels_frame_log_get_size (const ChannelsFrameLog *self)
{
  return self->offset + self->frames->len - find_start (self, self->first);
}

/*
 * channels_frame_log_peek:
 * @self: a log
 * @from: number of an event that is in it
 * @to: number of the event behind the last; not before @from
 * @out_size: (out): bytes
 *
 * Returns: (transfer none): the frames of those events, until more is appended or some are trimmed
 */
const guint8 *
channels_frame_log_peek (const ChannelsFrameLog *self, guint32 from, guint32 to, gsize *out_size)
{
  guint64 start = find_start (self, from);

  *out_size = find_start (self, to) - start;

  return self->frames->data + (start - self->offset);
}

/*
 * channels_frame_log_limit:
 * @self: a log
 * @from: number of an event that is in it
 * @events_max: at least 1
 * @size_max: bytes
 *
 * Returns: number of the event behind the last of those from @from on that are within both bounds,
 * or behind @from itself
 */
guint32
channels_frame_log_limit (const ChannelsFrameLog *self,
                          guint32 from,
                          guint events_max,
                          gsize size_max)
{
  guint64 last = find_start (self, from) + size_max;
  guint32 low = from + 1;
  guint32 high = from + MIN (channels_frame_log_get_next (self) - from, events_max);

  if (find_start (self, high) <= last)
    return high;

  while (high - low > 1)
    {
      guint32 middle = low + (high - low) / 2;

      if (find_start (self, middle) <= last)
        low = middle;
      else
        high = middle;
    }

  return low;
}

static void
copy_piece (ChannelsFrameLog *self, guint32 to)
{
  Copy *copy = g_new (Copy, 1);
  gsize size;
  const guint8 *data = channels_frame_log_peek (self, self->copied, to, &size);

  copy->bytes = g_bytes_new (data, size);
  copy->offset = find_start (self, self->copied);
  copy->end = to;
  g_queue_push_tail (&self->copies, copy);
  self->copied = to;
}

/* Has copies of all before @to. */
static void
copy_until (ChannelsFrameLog *self, guint32 to)
{
  guint32 next = channels_frame_log_get_next (self);

  while (next - self->copied > next - to)
    copy_piece (self, channels_frame_log_limit (self, self->copied, to - self->copied, COPY_MAX));
}

/* Pushes events @from to @to, the first of them from @start in the stream on. */
static void
push_events (ChannelsFrameLog *self,
             ChannelsSocket *socket,
             guint64 start,
             guint32 from,
             guint32 to)
{
  for (GList *link = self->copies.head; link != NULL && from != to; link = link->next)
    {
      const Copy *copy = link->data;
      g_autoptr (GBytes) part = NULL;
      guint32 n_events;
      guint64 end;

      if (copy->offset + g_bytes_get_size (copy->bytes) <= start)
        continue;

      n_events = MIN (copy->end - from, to - from);
      end = find_start (self, from + n_events);
      part = g_bytes_new_from_bytes (copy->bytes, start - copy->offset, end - start);
      channels_socket_push (socket, part, n_events);
      start = end;
      from += n_events;
    }
}

/*
 * channels_frame_log_push:
 * @self: a log
 * @socket: a socket
 * @from: number of an event that is in the log
 * @to: number of the event behind the last
 * @written: bytes of those that the kernel has taken already; fewer than there are
 *
 * Has the rest wait for the socket, as references to what all slow ones share.
 */
void
channels_frame_log_push (ChannelsFrameLog *self,
                         ChannelsSocket *socket,
                         guint32 from,
                         guint32 to,
                         gsize written)
{
  guint64 start = find_start (self, from) + written;

  copy_until (self, to);
  while (find_start (self, from + 1) <= start)
    from++;

  /* What is begun has to be ended, whatever else fits: a frame cut short is the end of all sense.
   */
  if (find_start (self, from) < start)
    {
      push_events (self, socket, start, from, from + 1);
      start = find_start (self, ++from);
    }

  push_events (self, socket, start, from, to);
}

static void
trim_all (ChannelsFrameLog *self)
{
  self->offset += self->frames->len;
  self->base = self->first;
  if (self->peak <= KEPT_MAX)
    {
      g_byte_array_set_size (self->frames, 0);
      g_array_set_size (self->ends, 0);
      return;
    }

  g_byte_array_unref (self->frames);
  self->frames = g_byte_array_new ();
  self->peak = 0;
  g_array_unref (self->ends);
  self->ends = g_array_new (FALSE, FALSE, sizeof (guint64));
}

/*
 * channels_frame_log_trim:
 * @self: a log
 * @first: number of the first event that somebody may still want; not before the last such
 *
 * Forgets those before; their memory is used again when it is half of all or more.
 */
void
channels_frame_log_trim (ChannelsFrameLog *self, guint32 first)
{
  guint64 start = find_start (self, first);
  gsize gone = start - self->offset;

  self->first = first;
  while (self->copies.length > 0)
    {
      const Copy *oldest = self->copies.head->data;

      if (oldest->offset + g_bytes_get_size (oldest->bytes) > start)
        break;
      copy_free (g_queue_pop_head (&self->copies));
    }

  if (gone == self->frames->len)
    trim_all (self);
  else if (gone >= self->frames->len / 2)
    {
      g_byte_array_remove_range (self->frames, 0, gone);
      g_array_remove_range (self->ends, 0, first - self->base);
      self->offset = start;
      self->base = first;
    }

  if (self->copies.length == 0)
    self->copied = first;
}
