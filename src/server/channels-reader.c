/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-reader.h"

#include "channels-data-frame.h"
#include "channels-frame.h"

/* Frames that one browser may have looked at in one turn of the loop; all others have theirs in
 * between. The bytes of a turn are bounded by the poller's buffer. */
#define FRAMES_PER_TURN 256

/* The shortest text that is none: one byte, with a mask of 0. */
static const guint8 bad_text[] = { 0x81, 0x81, 0, 0, 0, 0, 0xff };

/**
 * ChannelsReader:
 *
 * A gate in front of libsoup: it is given only frames whose heads are legal, and at most so many in
 * a turn of the loop. libsoup itself reads for as long as there is something to read, while
 * everybody else waits.
 *
 * It is given control frames, and what says that the browser broke the protocol. Messages go
 * straight to the connection, put together here: libsoup takes four times as long for one, most of
 * that for what it would say in its log, adds up fragments without a bound, and keeps memory for
 * the largest frame that it has seen as long as the connection lasts. It has read everything in
 * front of a message, so the order is kept.
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
  channels_reader_drop (self);
  g_clear_object (&self->input);
}

/**
 * channels_reader_drop:
 * @self: a reader
 *
 * Forgets what it holds, and what has begun and not ended.
 */
void
channels_reader_drop (ChannelsReader *self)
{
  g_clear_pointer (&self->held, g_byte_array_unref);
  g_clear_pointer (&self->frame, g_byte_array_unref);
  g_clear_pointer (&self->message, g_byte_array_unref);
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

/* Whether the next byte, which is @next, is part of a message. */
static gboolean
is_of_message (ChannelsReader *self, guint8 next)
{
  if (self->frame != NULL)
    return TRUE;
  if (self->func == NULL || !channels_frame_gate_is_between (&self->gate))
    return FALSE;

  switch (channels_data_frame_get_opcode (next))
    {
    case CHANNELS_FRAME_TEXT:
    case CHANNELS_FRAME_BINARY:
      return TRUE;
    case CHANNELS_FRAME_CONTINUATION:
      return self->message != NULL;
    default:
      return FALSE;
    }
}

/* A NUL is a character of UTF-8, but not for GLib. */
static gboolean
is_utf8 (const char *text, gsize size)
{
  const char *end = text + size;

  while (!g_utf8_validate_len (text, (gsize) (end - text), &text))
    {
      if (*text != '\0')
        return FALSE;
      text++;
    }

  return TRUE;
}

/* That a text is not UTF-8 libsoup is to say. */
static void
tell (ChannelsReader *self, gboolean is_text, GBytes *message)
{
  gsize size;
  const char *data = g_bytes_get_data (message, &size);

  if (is_text && !is_utf8 (data, size))
    channels_socket_input_feed (self->input, bad_text, sizeof bad_text);
  else if (self->func != NULL)
    self->func (is_text, message, self->owner);
}

/* Returns: (transfer full): the message that has ended, with a NUL behind it, as any other. */
static GBytes *
steal_message (ChannelsReader *self)
{
  gsize size = self->message->len;
  guint8 *data;

  g_byte_array_append (self->message, (const guint8 *) "", 1);
  data = g_byte_array_free (g_steal_pointer (&self->message), FALSE);

  return g_bytes_new_take (g_realloc (data, size + 1), size);
}

static void
take_frame (ChannelsReader *self, const guint8 *frame, gsize size)
{
  guint opcode = channels_data_frame_get_opcode (*frame);
  g_autoptr (GBytes) message = NULL;

  if (opcode != CHANNELS_FRAME_CONTINUATION)
    self->is_text = opcode == CHANNELS_FRAME_TEXT;

  if (self->message == NULL && channels_data_frame_is_last (*frame))
    {
      message = channels_data_frame_read (frame, size);
    }
  else
    {
      if (self->message == NULL)
        self->message = g_byte_array_new ();
      channels_data_frame_append (self->message, frame, size);
      if (channels_data_frame_is_last (*frame))
        message = steal_message (self);
    }

  if (message != NULL)
    tell (self, self->is_text, message);
}

/* Takes the next bytes of a frame, which ends with them or not. */
static void
take_piece (ChannelsReader *self, const guint8 *piece, gsize size, gboolean ends)
{
  g_autoptr (GByteArray) frame = g_steal_pointer (&self->frame);

  if (frame == NULL && ends)
    {
      take_frame (self, piece, size);
      return;
    }

  if (frame == NULL)
    frame = g_byte_array_new ();
  g_byte_array_append (frame, piece, (guint) size);
  if (ends)
    take_frame (self, frame->data, frame->len);
  else
    self->frame = g_steal_pointer (&frame);
}

static guint16
pass (ChannelsReader *self, const guint8 *data, gsize size)
{
  guint16 close_code = 0;
  gsize passed = 0;

  for (guint ended = 0; passed < size && ended < FRAMES_PER_TURN && close_code == 0;)
    {
      const guint8 *next = data + passed;
      gboolean is_ours = is_of_message (self, *next);
      guint frames = 1;
      gsize allowed =
          channels_frame_gate_check (&self->gate, next, size - passed, &frames, &close_code);

      if (!is_ours)
        channels_socket_input_feed (self->input, next, allowed);
      else if (close_code == 0)
        take_piece (self, next, allowed, frames == 0);
      passed += allowed;
      ended += 1 - frames;
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
 * Hears what may pass, or has libsoup hear it, and holds what is too much for one turn.
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
  channels_reader_drop (self);
  channels_socket_input_end (self->input);
}
