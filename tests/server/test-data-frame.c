/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-data-frame.h"

#include "channels-frame.h"
#include "ws-client.h"

static const gsize sizes[] = { 0, 1, 3, 4, 7, 8, 9, 125, 126, 127, 65535, 65536, 100000 };

static void
test_data_frame_is_read (void)
{
  g_test_summary ("A frame is unmasked, whatever its length, and a NUL stands behind it");

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GByteArray) frame = g_byte_array_new ();
      g_autofree char *text = g_strnfill (sizes[i], 'a' + i);
      g_autoptr (GBytes) payload = NULL;

      ws_client_append_frame (frame, WS_TEXT, text, sizes[i]);
      payload = channels_data_frame_read (frame->data, frame->len);
      g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload) + 1, text,
                       sizes[i] + 1);
    }
}

static void
test_data_frame_is_appended (void)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GString) expected = g_string_new (NULL);

  g_test_summary ("A frame is unmasked behind those before it, whatever their lengths");

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GByteArray) frame = g_byte_array_new ();
      g_autofree char *text = g_strnfill (sizes[i], 'a' + i);

      ws_client_append_frame (frame, WS_TEXT, text, sizes[i]);
      channels_data_frame_append (message, frame->data, frame->len);
      g_string_append (expected, text);
    }

  g_assert_cmpmem (message->data, message->len, expected->str, expected->len);
}

static void
test_data_frame_says_what_it_is (void)
{
  g_test_summary ("The first byte has the opcode, and whether the message ends");

  g_assert_cmpuint (channels_data_frame_get_opcode (0x81), ==, CHANNELS_FRAME_TEXT);
  g_assert_cmpuint (channels_data_frame_get_opcode (0x02), ==, CHANNELS_FRAME_BINARY);
  g_assert_cmpuint (channels_data_frame_get_opcode (0x80), ==, CHANNELS_FRAME_CONTINUATION);
  g_assert_cmpuint (channels_data_frame_get_opcode (0x89), ==, CHANNELS_FRAME_PING);
  g_assert_true (channels_data_frame_is_last (0x80));
  g_assert_false (channels_data_frame_is_last (0x01));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/data-frame/read", test_data_frame_is_read);
  g_test_add_func ("/data-frame/append", test_data_frame_is_appended);
  g_test_add_func ("/data-frame/first-byte", test_data_frame_says_what_it_is);

  return g_test_run ();
}
