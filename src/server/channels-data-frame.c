/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-data-frame.h"

#include "channels-frame.h"

#include <string.h>

/* A browser's frames that are parts of a message (RFC 6455, 5.6), once the gate has let them
 * through. */

#define OPCODE 0x0f
#define MASKED 0x80
#define MASK_SIZE 4

static gsize
head_size (const guint8 *frame)
{
  gsize extension = 0;

  if ((frame[1] & ~MASKED) == CHANNELS_FRAME_LENGTH_16)
    extension = 2;
  else if ((frame[1] & ~MASKED) == CHANNELS_FRAME_LENGTH_64)
    extension = 8;

  return 2 + extension + MASK_SIZE;
}

/* XOR with the mask, eight bytes at a time. */
static void
unmask (guint8 *to, const guint8 *from, gsize size, const guint8 *mask)
{
  guint64 mask_8;
  gsize i = 0;

  memcpy (&mask_8, mask, MASK_SIZE);
  memcpy ((guint8 *) &mask_8 + MASK_SIZE, mask, MASK_SIZE);
  for (; i + sizeof mask_8 <= size; i += sizeof mask_8)
    {
      guint64 eight;

      memcpy (&eight, from + i, sizeof eight);
      eight ^= mask_8;
      memcpy (to + i, &eight, sizeof eight);
    }
  for (; i < size; i++)
    to[i] = from[i] ^ mask[i % MASK_SIZE];
}

/**
 * channels_data_frame_get_opcode:
 * @first: a frame's first byte
 *
 * Returns: `CHANNELS_FRAME_TEXT`, `CHANNELS_FRAME_BINARY`, `CHANNELS_FRAME_CONTINUATION` or another
 */
guint
channels_data_frame_get_opcode (guint8 first)
{
  return first & OPCODE;
}

/**
 * channels_data_frame_is_last:
 * @first: a frame's first byte
 *
 * Returns: whether the message ends with the frame
 */
gboolean
channels_data_frame_is_last (guint8 first)
{
  return (first & CHANNELS_FRAME_FIN) != 0;
}

/**
 * channels_data_frame_append:
 * @message: the payload of those before
 * @frame: (array length=size): a whole frame, masked
 * @size: its bytes
 *
 * Appends a frame's payload, unmasked.
 */
void
channels_data_frame_append (GByteArray *message, const guint8 *frame, gsize size)
{
  gsize head = head_size (frame);
  gsize before = message->len;

  if (size == head)
    return;

  g_byte_array_set_size (message, (guint) (before + size - head));
  unmask (message->data + before, frame + head, size - head, frame + head - MASK_SIZE);
}

/**
 * channels_data_frame_read:
 * @frame: (array length=size): a whole frame, masked
 * @size: its bytes
 *
 * Returns: (transfer full): its payload, unmasked, behind which stands a NUL
 */
GBytes *
channels_data_frame_read (const guint8 *frame, gsize size)
{
  gsize head = head_size (frame);
  gsize length = size - head;
  guint8 *payload = g_malloc (length + 1);

  unmask (payload, frame + head, length, frame + head - MASK_SIZE);
  payload[length] = '\0';

  return g_bytes_new_take (payload, length);
}
