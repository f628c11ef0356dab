/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define LOAD_HEAD_MAX 14 /* bytes of a frame's head, with the key of its mask */

enum
{
  LOAD_CONTINUATION = 0x0,
  LOAD_TEXT = 0x1,
  LOAD_BINARY = 0x2,
  LOAD_CLOSE = 0x8,
  LOAD_PING = 0x9,
  LOAD_PONG = 0xa,
};

/* A frame's head. */
typedef struct
{
  guint opcode;
  gboolean masked;
  gsize head;     /* bytes, with the key */
  guint64 length; /* of the payload, bytes */
} LoadFrame;

/* Writes the head of an unfragmented frame, and the key where it is to be masked; returns its size.
 */
gsize
load_wire_put_head (guint8 head[LOAD_HEAD_MAX], guint opcode, gboolean masked, guint64 length);

/* Masks or unmasks what stands @offset bytes into a payload, with a key in front of it. */
void load_wire_mask (guint8 *data, gsize length, const guint8 key[4], gsize offset);

/* Appends a masked frame. */
void load_wire_append (GByteArray *out, guint opcode, const void *payload, gsize length);

/* Parses a head; FALSE where it is not all there. */
static inline gboolean
load_wire_parse (const guint8 *data, gsize length, LoadFrame *out_frame)
{
  gsize extension;

  if (length < 2)
    return FALSE;

  out_frame->opcode = data[0] & 0xf;
  out_frame->masked = (data[1] & 0x80) != 0;
  out_frame->length = data[1] & 0x7f;
  extension = out_frame->length < 126 ? 0 : out_frame->length == 126 ? 2 : 8;
  out_frame->head = 2 + extension + (out_frame->masked ? 4 : 0);
  if (length < out_frame->head)
    return FALSE;

  if (extension > 0)
    out_frame->length = 0;
  for (gsize i = 0; i < extension; i++)
    out_frame->length = out_frame->length << 8 | data[2 + i];

  return TRUE;
}

G_END_DECLS
