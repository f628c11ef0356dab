/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-reader.h"

#include "channels-text-frame.h"

/* Frames that one browser may have looked at in one turn of the loop; all others have theirs in
 * between. The bytes of a turn are bounded by the poller's buffer. */
#define FRAMES_PER_TURN 256

/**
 * ChannelsReader:
 *
 * A gate in front of libsoup: it is given only frames whose heads are legal and whose messages are
 * within their bound, and at most so many in a turn of the loop. libsoup itself reads for as long
 * as there is something to read, while everybody else waits, and adds up fragments without a bound.
 *
 * A text message in one frame goes straight to the connection: libsoup takes four times as long for
 * it, most of that for what it would say in its log, and keeps memory for the largest frame that it
 * has seen as long as the connection lasts. All else is libsoup's: fragments, control frames, what
 * is not UTF-8, a head in pieces. It has read everything in front of such a message, so the order
 * is kept.
 */

static void
hold (ChannelsReader *self, const guint8 *data, gsize size)
{
  self->held = g_byte_array_sized_new (size);
  g_byte_array_append (self->held, data, size);
}

/**
 * channels_reader_init:
 * @self: (out caller-allocates): a reader
 * @parking: a context that nobody iterates
 * @request: (nullable): a checked request head, for libsoup to read first
 *
 * Starts as the reader of a connection that speaks HTTP.
 */
void
channels_reader_init (ChannelsReader *self, GMainContext *parking, GBytes *request)
{
  *self = (ChannelsReader){ .input = channels_socket_input_new (parking, request) };
}

/**
 * channels_reader_clear:
 * @self: a reader
 *
 * Lets go of what it owns.
 */
void
channels_reader_clear (ChannelsReader *self)
{
  g_clear_pointer (&self->held, g_byte_array_unref);
  g_clear_pointer (&self->begun, g_byte_array_unref);
  g_clear_object (&self->input);
}

/**
 * channels_reader_park:
 * @self: a reader
 * @message_size: bytes that one message may have
 * @early: (nullable): what came behind the request: it is held for the first turn
 *
 * From now on the connection speaks WebSocket.
 */
void
channels_reader_park (ChannelsReader *self, gsize message_size, GBytes *early)
{
  gsize size;
  const guint8 *data;

  self->last_heard = g_get_monotonic_time ();
  channels_frame_gate_init (&self->gate, message_size);
  channels_socket_input_park (self->input);

  if (early != NULL)
    {
      data = g_bytes_get_data (early, &size);
      hold (self, data, size);
    }
}

/* Bytes from here to the end of a text message in one frame, 0 where there is none. */
static gsize
find_text (ChannelsReader *self, const guint8 *data, gsize size)
{
  if (self->begun != NULL)
    return self->missing;
  if (self->text == NULL || !channels_frame_gate_is_between (&self->gate))
    return 0;

  return channels_text_frame_measure (data, size);
}

static void
hand_over (ChannelsReader *self, const guint8 *frame, gsize size)
{
  g_autoptr (GBytes) message = channels_text_frame_read (frame, size);

  if (message != NULL && self->text != NULL)
    self->text (message, self->owner);
  else
    channels_socket_input_feed (self->input, frame, size);
}

/* Takes @size of the @left bytes that find_text() has found. */
static void
take_text (ChannelsReader *self, const guint8 *piece, gsize size, gsize left)
{
  g_autoptr (GByteArray) frame = g_steal_pointer (&self->begun);

  if (frame == NULL && size == left)
    {
      hand_over (self, piece, size);
      return;
    }

  if (frame == NULL)
    frame = g_byte_array_new ();
  g_byte_array_append (frame, piece, size);
  self->missing = left - size;
  if (self->missing == 0)
    hand_over (self, frame->data, frame->len);
  else
    self->begun = g_steal_pointer (&frame);
}

static guint16
pass (ChannelsReader *self, const guint8 *data, gsize size)
{
  guint frames = FRAMES_PER_TURN;
  guint16 close_code = 0;
  gsize passed = 0;
  gboolean stopped = FALSE;

  while (passed < size && !stopped)
    {
      const guint8 *next = data + passed;
      gsize text = find_text (self, next, size - passed);
      gsize wanted = text > 0 ? MIN (text, size - passed) : size - passed;
      gsize allowed = channels_frame_gate_check (&self->gate, next, wanted, &frames, &close_code);

      stopped = allowed < wanted;
      if (text > 0 && !stopped)
        take_text (self, next, allowed, text);
      else
        channels_socket_input_feed (self->input, next, allowed);
      passed += allowed;
    }

  if (close_code == 0 && passed < size)
    hold (self, data + passed, size - passed);

  return close_code;
}

/**
 * channels_reader_take:
 * @self: a parked reader that holds nothing
 * @data: what came from the browser; not kept after this returns
 * @size: bytes of it
 *
 * Has libsoup read what may pass, and holds what is too much for one turn.
 *
 * Returns: 0, or the close code for what may not pass
 */
guint16
channels_reader_take (ChannelsReader *self, const guint8 *data, gsize size)
{
  self->last_heard = g_get_monotonic_time ();

  return pass (self, data, size);
}

/**
 * channels_reader_take_held:
 * @self: a parked reader that holds something
 *
 * As channels_reader_take(), with what it holds.
 *
 * Returns: 0, or the close code for what may not pass
 */
guint16
channels_reader_take_held (ChannelsReader *self)
{
  g_autoptr (GByteArray) held = g_steal_pointer (&self->held);

  return pass (self, held->data, held->len);
}

/**
 * channels_reader_end:
 * @self: a reader
 *
 * Tells libsoup that the stream has ended.
 */
void
channels_reader_end (ChannelsReader *self)
{
  g_clear_pointer (&self->held, g_byte_array_unref);
  g_clear_pointer (&self->begun, g_byte_array_unref);
  channels_socket_input_end (self->input);
}
