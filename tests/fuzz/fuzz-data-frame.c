/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-data-frame.h"
#include "channels-frame-gate.h"

/* A frame that the gate lets through as one is read as its payload, unmasked byte by byte; and the
 * same behind another. */

#define MESSAGE_SIZE 1000000
#define CONTROL 0x08

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree guint8 *frame = NULL; /* a copy, so that a byte too far is found */
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GBytes) payload = NULL;
  const guint8 *read;
  guint frames = 1;
  guint16 close_code = 0;
  ChannelsFrameGate gate;
  gsize whole;
  gsize length;

  channels_frame_gate_init (&gate, MESSAGE_SIZE);
  whole = channels_frame_gate_check (&gate, data, size, &frames, &close_code);
  if (frames == 1 || (*data & CONTROL) != 0)
    return 0;

  frame = g_memdup2 (data, whole);
  payload = channels_data_frame_read (frame, whole);
  read = g_bytes_get_data (payload, &length);
  g_assert_cmpuint (length, <, whole);
  g_assert_cmpuint (read[length], ==, 0);
  for (gsize i = 0; i < length; i++)
    g_assert_cmpuint (read[i], ==, frame[whole - length + i] ^ frame[whole - length - 4 + i % 4]);

  for (guint i = 0; i < 2; i++)
    channels_data_frame_append (message, frame, whole);
  g_assert_cmpuint (message->len, ==, 2 * length);
  for (guint i = 0; i < message->len; i++)
    g_assert_cmpuint (message->data[i], ==, read[i % length]);

  return 0;
}
