/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-frame-gate.h"
#include "channels-text-frame.h"

/* A frame that is read as a whole is one that the gate lets through, as one frame and one message,
 * and what is read is its payload, unmasked byte by byte. */

#define MESSAGE_SIZE 1000000

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size); /* so that a byte too far is found */
  gsize whole = channels_text_frame_measure (copy, size);
  g_autoptr (GBytes) message = NULL;
  const guint8 *text;
  guint frames = 2;
  guint16 close_code = 0;
  ChannelsFrameGate gate;
  gsize length;

  if (whole == 0 || whole > size)
    return 0;

  message = channels_text_frame_read (copy, whole);
  channels_frame_gate_init (&gate, MESSAGE_SIZE);
  if (channels_frame_gate_check (&gate, copy, whole, &frames, &close_code) == whole)
    {
      g_assert_cmpuint (frames, ==, 1);
      g_assert_true (channels_frame_gate_is_between (&gate));
    }
  if (message == NULL)
    return 0;

  text = g_bytes_get_data (message, &length);
  g_assert_cmpuint (length, <, whole);
  g_assert_cmpuint (text[length], ==, 0);
  for (gsize i = 0; i < length; i++)
    g_assert_cmpuint (text[i], ==, copy[whole - length + i] ^ copy[whole - length - 4 + i % 4]);

  return 0;
}
