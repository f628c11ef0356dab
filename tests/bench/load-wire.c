/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "load-wire.h"

#include <string.h>

/* Any key is as good: a server has to unmask with whatever comes. */
static const guint8 mask_key[4] = { 0x5a, 0xa5, 0x3c, 0xc3 };

gsize
load_wire_put_head (guint8 head[LOAD_HEAD_MAX], guint opcode, gboolean masked, guint64 length)
{
  guint extension = length < 126 ? 0 : length <= G_MAXUINT16 ? 2 : 8;
  guint first = extension == 0 ? (guint) length : extension == 2 ? 126 : 127;
  gsize size = 0;

  head[size++] = (guint8) (0x80 | opcode);
  head[size++] = (guint8) ((masked ? 0x80 : 0) | first);
  for (guint i = extension; i > 0; i--)
    head[size++] = (guint8) (length >> (8 * (i - 1)));

  if (masked)
    {
      memcpy (head + size, mask_key, sizeof mask_key);
      size += sizeof mask_key;
    }

  return size;
}

void
load_wire_mask (guint8 *data, gsize length, const guint8 key[4], gsize offset)
{
  for (gsize i = 0; i < length; i++)
    data[i] ^= key[(offset + i) % 4];
}

void
load_wire_append (GByteArray *out, guint opcode, const void *payload, gsize length)
{
  guint8 head[LOAD_HEAD_MAX];
  gsize size = load_wire_put_head (head, opcode, TRUE, length);

  g_byte_array_append (out, head, (guint) size);
  g_byte_array_append (out, payload, (guint) length);
  load_wire_mask (out->data + out->len - length, length, mask_key, 0);
}
