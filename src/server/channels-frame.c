/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-frame.h"

/**
 * channels_frame_append_head:
 * @out: where frames are joined
 * @opcode: the frame's opcode
 * @length: bytes of payload, which the caller appends
 *
 * Appends the head of a final, unmasked frame: RFC 6455, 5.2.
 */
void
channels_frame_append_head (GByteArray *out, guint8 opcode, gsize length)
{
  guint8 head[10] = { CHANNELS_FRAME_FIN | opcode };
  guint64 length64 = GUINT64_TO_BE (length);
  guint16 length16 = GUINT16_TO_BE (length);
  guint size = 2;

  if (length <= CHANNELS_FRAME_LENGTH_MAX_7)
    head[1] = length;
  else if (length <= G_MAXUINT16)
    {
      head[1] = CHANNELS_FRAME_LENGTH_16;
      memcpy (head + size, &length16, sizeof length16);
      size += sizeof length16;
    }
  else
    {
      head[1] = CHANNELS_FRAME_LENGTH_64;
      memcpy (head + size, &length64, sizeof length64);
      size += sizeof length64;
    }

  g_byte_array_append (out, head, size);
}

/**
 * channels_frame_append:
 * @out: where frames are joined
 * @opcode: the frame's opcode
 * @payload: (array length=length) (nullable): what it holds
 * @length: bytes of it
 *
 * Appends a whole frame.
 */
void
channels_frame_append (GByteArray *out, guint8 opcode, const void *payload, gsize length)
{
  channels_frame_append_head (out, opcode, length);
  if (length > 0)
    g_byte_array_append (out, payload, length);
}
