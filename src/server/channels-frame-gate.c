/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-frame-gate.h"

#include "channels-frame.h"

#include <string.h>

/* The heads of a browser's frames (RFC 6455, section 5), looked at before anybody behind sees
 * them.
 *
 * Only heads are read; payload is skipped, and nothing is held back or copied but the head of a
 * frame that arrives in pieces. A violation is found at the first byte that proves it, and the
 * bytes before that one may pass, so how the bytes were cut up on their way changes neither the
 * verdict nor how many pass. Three bytes of a head can prove one: the first (opcode, reserved
 * bits, order of fragments, frames in the message), the second (mask, size of a control frame),
 * and the last of the length (its form, the message's size). */

#define HEAD_MAX 14 /* two bytes, a length of eight, a mask of four */
#define MASK_SIZE 4

#define RESERVED 0x70
#define OPCODE 0x0f
#define CONTROL 0x08
#define MASKED 0x80
#define LENGTH 0x7f
#define CONTROL_LENGTH_MAX 125

G_STATIC_ASSERT (G_SIZEOF_MEMBER (ChannelsFrameGate, head) == HEAD_MAX);

/* Bytes of the length that follow the head's second byte. */
static guint
extension_size (guint8 second)
{
  switch (second & LENGTH)
    {
    case CHANNELS_FRAME_LENGTH_16:
      return 2;
    case CHANNELS_FRAME_LENGTH_64:
      return 8;
    default:
      return 0;
    }
}

static guint
head_size (guint8 second)
{
  return 2 + extension_size (second) + MASK_SIZE;
}

static guint64
payload_length (const guint8 *head)
{
  guint size = extension_size (head[1]);
  guint64 length = 0;

  if (size == 0)
    return head[1] & LENGTH;

  for (guint i = 0; i < size; i++)
    length = length << 8 | head[2 + i];

  return length;
}

/* The close code that the head's first byte asks for, or 0. */
static guint16
check_first (const ChannelsFrameGate *self, guint8 first)
{
  if ((first & RESERVED) != 0)
    return CHANNELS_CLOSE_PROTOCOL_ERROR;

  switch (first & OPCODE)
    {
    case CHANNELS_FRAME_CONTINUATION:
      if (!self->in_message)
        return CHANNELS_CLOSE_PROTOCOL_ERROR;
      return self->message_frames < CHANNELS_FRAME_GATE_FRAMES_MAX ? 0 : CHANNELS_CLOSE_POLICY;

    case CHANNELS_FRAME_TEXT:
    case CHANNELS_FRAME_BINARY:
      return self->in_message ? CHANNELS_CLOSE_PROTOCOL_ERROR : 0;

    case CHANNELS_FRAME_CLOSE:
    case CHANNELS_FRAME_PING:
    case CHANNELS_FRAME_PONG:
      return (first & CHANNELS_FRAME_FIN) != 0 ? 0 : CHANNELS_CLOSE_PROTOCOL_ERROR;

    default:
      return CHANNELS_CLOSE_PROTOCOL_ERROR;
    }
}

/* The same for the first two bytes. */
static guint16
check_second (const guint8 *head)
{
  if ((head[1] & MASKED) == 0)
    return CHANNELS_CLOSE_PROTOCOL_ERROR;
  if ((head[0] & CONTROL) != 0 && (head[1] & LENGTH) > CONTROL_LENGTH_MAX)
    return CHANNELS_CLOSE_PROTOCOL_ERROR;

  return 0;
}

/* The same for a head whose length is whole. */
static guint16
check_length (const ChannelsFrameGate *self, const guint8 *head)
{
  guint64 length = payload_length (head);
  gsize before = self->in_message ? self->message_length : 0;

  switch (head[1] & LENGTH)
    {
    case CHANNELS_FRAME_LENGTH_16:
      if (length < CHANNELS_FRAME_LENGTH_16)
        return CHANNELS_CLOSE_PROTOCOL_ERROR;
      break;

    case CHANNELS_FRAME_LENGTH_64:
      if (length <= G_MAXUINT16 || length > G_MAXINT64)
        return CHANNELS_CLOSE_PROTOCOL_ERROR;
      break;

    default:
      break;
    }

  if ((head[0] & CONTROL) == 0 && length > self->message_size - before)
    return CHANNELS_CLOSE_TOO_BIG;

  return 0;
}

/* A head has been checked to its end: its payload is next. */
static void
begin_payload (ChannelsFrameGate *self, const guint8 *head)
{
  self->payload_left = payload_length (head);
  self->in_payload = TRUE;
  self->head_length = 0;

  if ((head[0] & CONTROL) != 0)
    return;

  if (!self->in_message)
    {
      self->message_length = 0;
      self->message_frames = 0;
    }
  self->message_length += (gsize) self->payload_left;
  self->message_frames++;
  self->in_message = (head[0] & CHANNELS_FRAME_FIN) == 0;
}

/* Reads a head that is all there, where it stands. Returns bytes that may pass. */
static gsize
read_whole_head (ChannelsFrameGate *self, const guint8 *head, guint16 *out_close_code)
{
  *out_close_code = check_first (self, head[0]);
  if (*out_close_code != 0)
    return 0;

  *out_close_code = check_second (head);
  if (*out_close_code != 0)
    return 1;

  *out_close_code = check_length (self, head);
  if (*out_close_code != 0)
    return 1 + extension_size (head[1]);

  begin_payload (self, head);
  return head_size (head[1]);
}

/* Reads a head's next bytes, few as there may be. Returns bytes that may pass. */
static gsize
read_head_piece (ChannelsFrameGate *self, const guint8 *data, gsize length, guint16 *out_close_code)
{
  for (gsize passed = 0; passed < length; passed++)
    {
      self->head[self->head_length++] = data[passed];

      if (self->head_length == 1)
        {
          *out_close_code = check_first (self, self->head[0]);
        }
      else
        {
          if (self->head_length == 2)
            *out_close_code = check_second (self->head);
          if (*out_close_code == 0 && self->head_length == 2 + extension_size (self->head[1]))
            *out_close_code = check_length (self, self->head);
        }

      if (*out_close_code != 0)
        return passed;

      if (self->head_length > 1 && self->head_length == head_size (self->head[1]))
        {
          begin_payload (self, self->head);
          return passed + 1;
        }
    }

  return length;
}

static gsize
read_head (ChannelsFrameGate *self, const guint8 *data, gsize length, guint16 *out_close_code)
{
  if (self->head_length == 0 && length > 1 && length >= head_size (data[1]))
    return read_whole_head (self, data, out_close_code);

  return read_head_piece (self, data, length, out_close_code);
}

static gsize
skip_payload (ChannelsFrameGate *self, gsize length, guint *inout_frames)
{
  gsize skipped = (gsize) MIN (self->payload_left, length);

  self->payload_left -= skipped;
  if (self->payload_left == 0)
    {
      self->in_payload = FALSE;
      if (*inout_frames > 0)
        (*inout_frames)--;
    }

  return skipped;
}

/**
 * channels_frame_gate_init:
 * @self: (out caller-allocates): a gate
 * @message_size: bytes that one message may have, over all its frames
 *
 * Starts before a browser's first frame.
 */
void
channels_frame_gate_init (ChannelsFrameGate *self, gsize message_size)
{
  g_return_if_fail (self != NULL);

  memset (self, 0, sizeof *self);
  self->message_size = message_size;
}

/**
 * channels_frame_gate_is_between:
 * @self: a gate
 *
 * Returns: whether the next byte is the first of a frame
 */
gboolean
channels_frame_gate_is_between (const ChannelsFrameGate *self)
{
  return self->head_length == 0 && !self->in_payload;
}

/**
 * channels_frame_gate_check:
 * @self: a gate
 * @data: (array length=length): the browser's next bytes, wherever they begin and end
 * @length: bytes
 * @inout_frames: (inout): frames that may still begin in this turn; one less for each that ends
 * @out_close_code: (out): why the browser is to be closed, or 0
 *
 * Looks at the next bytes of a browser's frames.
 *
 * Fewer bytes than @length may pass when @inout_frames is used up, with 0 in @out_close_code: the
 * rest is to be offered again in another turn. Or when the browser breaks a rule, with the close
 * code: 1002 (the protocol), 1009 (a message larger than the gate's bound, found before its bytes
 * are here) or 1008 (more than `CHANNELS_FRAME_GATE_FRAMES_MAX` frames in a message); then
 * nothing more may be read from it, nor asked of the gate.
 *
 * The payload is left to who is behind: a close frame's, and whether a text is UTF-8.
 *
 * Returns: how many of the bytes may pass
 */
gsize
channels_frame_gate_check (ChannelsFrameGate *self,
                           const guint8 *data,
                           gsize length,
                           guint *inout_frames,
                           guint16 *out_close_code)
{
  gsize passed = 0;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (data != NULL || length == 0, 0);
  g_return_val_if_fail (inout_frames != NULL, 0);
  g_return_val_if_fail (out_close_code != NULL, 0);

  *out_close_code = 0;

  while (passed < length && *out_close_code == 0)
    {
      if (!self->in_payload)
        {
          if (self->head_length == 0 && *inout_frames == 0)
            break;
          passed += read_head (self, data + passed, length - passed, out_close_code);
        }
      if (self->in_payload)
        passed += skip_payload (self, length - passed, inout_frames);
    }

  return passed;
}
