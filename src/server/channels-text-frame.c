/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-text-frame.h"

#include <string.h>

/* A browser's whole message in one frame (RFC 6455, 5.2): what nearly all of them are. */

#define FINAL_TEXT 0x81
#define MASKED 0x80
#define LENGTH_16 126
#define LENGTH_64 127
#define MASK_SIZE 4

/* Bytes of the head that @second, its second byte, belongs to. */
static gsize
head_size (guint8 second)
{
  gsize extension = 0;

  if ((second & ~MASKED) == LENGTH_16)
    extension = 2;
  else if ((second & ~MASKED) == LENGTH_64)
    extension = 8;

  return 2 + extension + MASK_SIZE;
}

static guint64
payload_size (const guint8 *head)
{
  guint8 length = head[1] & ~MASKED;
  guint64 size = 0;

  if (length < LENGTH_16)
    return length;

  for (gsize i = 0; i < head_size (head[1]) - 2 - MASK_SIZE; i++)
    size = size << 8 | head[2 + i];

  return size;
}

/**
 * channels_text_frame_measure:
 * @data: (array length=length): a browser's bytes, from the beginning of a frame on
 * @length: bytes
 *
 * Whether the length is written as it must be, and is not too much, is for the gate to say.
 *
 * Returns: bytes of the frame that @data begins with, however many are there, if it is masked, a
 * whole text message and all of its head is there; else 0
 */
gsize
channels_text_frame_measure (const guint8 *data, gsize length)
{
  gsize head;
  guint64 payload;

  if (length < 2 || data[0] != FINAL_TEXT || (data[1] & MASKED) == 0)
    return 0;

  head = head_size (data[1]);
  if (length < head)
    return 0;

  payload = payload_size (data);
  return payload <= G_MAXINT64 - head ? head + (gsize) payload : 0;
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
 * channels_text_frame_read:
 * @frame: (array length=size): a frame that channels_text_frame_measure() knows
 * @size: its bytes
 *
 * Returns: (transfer full) (nullable): the message, behind which stands a NUL; `NULL` where it is
 * not UTF-8, or has a NUL in it
 */
GBytes *
channels_text_frame_read (const guint8 *frame, gsize size)
{
  gsize head = head_size (frame[1]);
  gsize length = size - head;
  g_autofree guint8 *text = g_malloc (length + 1);

  unmask (text, frame + head, length, frame + head - MASK_SIZE);
  text[length] = '\0';

  if (!g_utf8_validate_len ((const char *) text, length, NULL))
    return NULL;

  return g_bytes_new_take (g_steal_pointer (&text), length);
}
